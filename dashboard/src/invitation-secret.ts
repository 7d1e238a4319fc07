/**
 * The secret of an invitation, from the link's fragment, which no server ever sees. It is kept in this tab while its
 * person signs in, and leaves the address before anything else can repeat it.
 */
const KEY = "handrail:invitation";
const PATH = "/invitations";

export function keepSecret(): void {
  const { pathname, hash } = window.location;
  if (pathname !== PATH || hash.length < 2) return;
  sessionStorage.setItem(KEY, hash.slice(1));
  history.replaceState(null, "", PATH);
}

export function keptSecret(): string {
  return sessionStorage.getItem(KEY) ?? "";
}

export function forgetSecret(): void {
  sessionStorage.removeItem(KEY);
}

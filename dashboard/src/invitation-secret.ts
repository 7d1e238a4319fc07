/**
 * The secret of an invitation, from the link's fragment, which no server ever sees. It is kept in this tab while its
 * person signs in, and leaves the address before anything else can repeat it.
 */
export const KEPT_AS = "handrail:invitation";

export function keepSecret(): void {
  const { pathname, hash } = location;
  if (pathname !== "/invitations" || hash.length < 2) return;
  sessionStorage.setItem(KEPT_AS, hash.slice(1));
  history.replaceState(null, "", pathname);
}

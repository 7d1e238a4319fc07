/** Addresses: which view an URL names, moving between them, and links that do not reload the page. */

export type Route =
  | { view: "needs-me" }
  | { view: "signin"; next: string }
  | { view: "workspace"; workspaceId: string; status: string | null }
  | { view: "task"; workspaceId: string; taskId: string }
  | { view: "settings"; workspaceId: string }
  | { view: "not-found" };

export const paths = {
  needsMe: "/",
  signIn: (next: string): string => `/signin?next=${encodeURIComponent(next)}`,
  workspace: (id: string, status?: string): string =>
    `/w/${encodeURIComponent(id)}${status ? `?status=${encodeURIComponent(status)}` : ""}`,
  task: (workspaceId: string, id: string): string =>
    `/w/${encodeURIComponent(workspaceId)}/t/${encodeURIComponent(id)}`,
  settings: (id: string, section?: string): string =>
    `/w/${encodeURIComponent(id)}/settings${section ? `#${section}` : ""}`,
};

export function routeOf(url: URL): Route {
  const [first, workspaceId, third, taskId, ...more] = parts(url.pathname);
  if (first === undefined) return { view: "needs-me" };
  if (first === "signin" && workspaceId === undefined) return { view: "signin", next: localPath(url) };
  if (first !== "w" || !workspaceId || more.length > 0) return { view: "not-found" };
  if (third === undefined) return { view: "workspace", workspaceId, status: url.searchParams.get("status") };
  if (third === "settings" && taskId === undefined) return { view: "settings", workspaceId };
  if (third === "t" && taskId) return { view: "task", workspaceId, taskId };
  return { view: "not-found" };
}

function parts(pathname: string): string[] {
  try {
    return pathname.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return ["malformed"];
  }
}

/** Where to go after signing in: a path of this site and nothing else, whatever the link says. */
function localPath(signIn: URL): string {
  const next = signIn.searchParams.get("next") ?? "/";
  if (!URL.canParse(next, signIn.origin)) return "/";
  const wanted = new URL(next, signIn.origin);
  return wanted.origin === signIn.origin ? wanted.pathname + wanted.search + wanted.hash : "/";
}

class Router {
  url = $state.raw(new URL(window.location.href));
  readonly route = $derived(routeOf(this.url));

  constructor() {
    window.addEventListener("popstate", () => this.#read());
    document.addEventListener("click", (event) => this.#clicked(event));
  }

  go(path: string, { replace = false } = {}): void {
    const moved = new URL(path, window.location.href).pathname !== this.url.pathname;
    if (replace) history.replaceState(null, "", path);
    else history.pushState(null, "", path);
    this.#read();
    if (moved) window.scrollTo(0, 0);
  }

  #read(): void {
    this.url = new URL(window.location.href);
  }

  #clicked(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.target || link.hasAttribute("download") || link.origin !== window.location.origin) return;
    if (/^\/(api|auth|mcp)\//.test(link.pathname)) return;
    event.preventDefault();
    this.go(link.href);
  }
}

export const router = new Router();

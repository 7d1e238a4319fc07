/** Where one is: moving between addresses, and links that do not reload the page. */
import { routeOf } from "./addresses.ts";

class Router {
  url = $state.raw(new URL(window.location.href));
  readonly route = $derived(routeOf(this.url));
  /** Came here by going back or forward: the browser knows where on the page one was. */
  isReturning = false;

  constructor() {
    window.addEventListener("popstate", () => this.#arrived(true));
    document.addEventListener("click", (event) => this.#clicked(event));
  }

  go(path: string, { replace = false } = {}): void {
    if (replace) history.replaceState(null, "", path);
    else history.pushState(null, "", path);
    this.#arrived(false);
  }

  #arrived(isReturning: boolean): void {
    this.isReturning = isReturning;
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

/**
 * New versions of the dashboard. A page that was loaded before one came is told so and changes over when the person
 * wants it, never by itself: somebody may be writing.
 */
import { stopPreloading } from "../shell/scenes.ts";
import { update } from "../shell/update.svelte.ts";
import { live } from "../store/live.svelte.ts";
import type { ToWorker } from "../worker/messages.ts";

const CHECK_MS = 60 * 60_000;
const OFTEN_MS = 60_000;
const PATIENCE_MS = 2_000;

export class Updates {
  #checkedAt = Date.now();

  constructor(private readonly registration: ServiceWorkerRegistration) {
    if (registration.waiting) this.#greet(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const { installing } = registration;
      installing?.addEventListener("statechange", () => {
        // Without a controller this is the first version that this browser sees.
        if (installing.state === "installed" && navigator.serviceWorker.controller) this.#greet(installing);
      });
    });
    setInterval(() => void this.check(), CHECK_MS);
    // A part of the page that loads when needed is not there, but the server is: another version took its place.
    window.addEventListener("vite:preloadError", () => {
      if (live.connection !== "lost") this.offer();
    });
  }

  offer(): void {
    stopPreloading();
    update.offer(() => this.#changeOver());
  }

  /** Asks whether there is a new version; a server that was away may have become one. */
  async check(): Promise<void> {
    if (Date.now() - this.#checkedAt < OFTEN_MS) return;
    this.#checkedAt = Date.now();
    // Not reachable now: asked again before long.
    await this.registration.update().catch(() => undefined);
  }

  /**
   * Chromium puts the change of workers off, for half a minute and more, when a file is asked of the old one just
   * then. The old one brings the new page as well, if there is a network.
   */
  #changeOver(): void {
    const { waiting } = this.registration;
    const reload = (): void => window.location.reload();
    if (!waiting) return reload();
    navigator.serviceWorker.addEventListener("controllerchange", reload, { once: true });
    setTimeout(reload, PATIENCE_MS);
    waiting.postMessage({ type: "take-over" } satisfies ToWorker);
  }

  /** The worker that came knows whether this page is of its version, and says so if not. */
  #greet(worker: ServiceWorker): void {
    worker.postMessage({ type: "hello", files: builtFrom(document) } satisfies ToWorker);
  }
}

/** The files of the build that this page came with. */
export function builtFrom(page: Document): string[] {
  const parts = page.querySelectorAll("script[src], link[rel=stylesheet], link[rel=modulepreload]");
  const addresses = [...parts].map((part) => part.getAttribute("src") ?? part.getAttribute("href") ?? "");
  return addresses.map((address) => new URL(address, page.baseURI).pathname);
}

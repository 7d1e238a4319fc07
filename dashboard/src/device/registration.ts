/** The service worker of this browser. A new one is asked for once the page is there: it costs the first paint nothing. */
import type { ToPage } from "../worker/messages.ts";

export function hasWorkers(): boolean {
  return "serviceWorker" in navigator;
}

export function register(): Promise<ServiceWorkerRegistration> {
  return navigator.serviceWorker.register("/sw.js", { scope: "/", updateViaCache: "none" });
}

/** Null: this browser has none, or none yet. */
export async function registration(): Promise<ServiceWorkerRegistration | null> {
  return hasWorkers() ? ((await navigator.serviceWorker.getRegistration("/")) ?? null) : null;
}

export function listen(heard: (message: ToPage) => void): void {
  navigator.serviceWorker.addEventListener("message", ({ data }) => heard(data as ToPage));
  navigator.serviceWorker.startMessages();
}

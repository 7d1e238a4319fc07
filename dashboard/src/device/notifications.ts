/** The notifications that this browser shows: no more than what still waits. */
import type { ToWorker } from "../worker/messages.ts";
import { registration } from "./registration.ts";

/** Takes away those whose item is settled. The worker does it, which puts others up meanwhile. */
export async function closeSettled(tags: string[]): Promise<void> {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  (await registration())?.active?.postMessage({ type: "settled", tags } satisfies ToWorker);
}

/** Takes away those that came before `since` and are about nothing that waits. */
export async function closeStale(waiting: Set<string>, since: number): Promise<void> {
  await closeThose((one) => !waiting.has(one.tag) && cameAt(one) < since);
}

export async function closeAll(): Promise<void> {
  await closeThose(() => true);
}

async function closeThose(unwanted: (notification: Notification) => boolean): Promise<void> {
  const shown = (await (await registration())?.getNotifications()) ?? [];
  for (const notification of shown) if (unwanted(notification)) notification.close();
}

/** Not every browser tells; then it is new, and stays. */
function cameAt(notification: Notification & { timestamp?: number }): number {
  return notification.timestamp ?? Infinity;
}

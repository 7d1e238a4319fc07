/** The notifications that this browser shows: no more than what still waits. */
import type { NoticeData } from "../worker/notice.ts";
import { registration } from "./registration.ts";

/** Takes away those whose item is settled. One that tells how something ended goes by itself. */
export async function closeSettled(tags: Set<string>): Promise<void> {
  await closeThose(({ tag, data }) => tags.has(tag) && !(data as NoticeData | null)?.outcome);
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

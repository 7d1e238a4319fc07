/**
 * A browser opens six HTTP/1.1 connections to one host, over all its tabs together; a seventh waits for
 * ever behind six streams. Streams therefore take one of four slots, which tabs share as Web Locks. What
 * only runs in the background may use two of them, so that what is on a screen finds one.
 */
export type Rank = "foreground" | "background";

const BACKGROUND = ["handrail-stream-1", "handrail-stream-2"];
const SLOTS: Record<Rank, string[]> = {
  background: BACKGROUND,
  foreground: ["handrail-stream-3", "handrail-stream-4", ...BACKGROUND],
};
const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 1_000;

/** Runs `work` while holding a slot. Tries again until there is one or the signal ends it. */
export async function withSlot(rank: Rank, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  // Without Web Locks (plain HTTP from another host) nothing can be shared: take the risk of one stream.
  if (!("locks" in navigator)) return work();
  for (let pause = FIRST_RETRY_MS; !signal.aborted; pause = Math.min(pause * 2, LAST_RETRY_MS)) {
    for (const slot of SLOTS[rank]) {
      const ran = await navigator.locks.request(slot, { ifAvailable: true }, async (lock) => {
        if (lock && !signal.aborted) await work();
        return lock !== null;
      });
      if (ran) return;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

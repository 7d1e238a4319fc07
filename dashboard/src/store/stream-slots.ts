/**
 * A browser opens six HTTP/1.1 connections to one host, over all its tabs together; a seventh waits for
 * ever behind six streams. Streams therefore take one of four slots, which tabs share as Web Locks.
 */
const SLOTS = ["handrail-stream-1", "handrail-stream-2", "handrail-stream-3", "handrail-stream-4"];
const RETRY_MS = 2_000;

/** Runs `work` while holding a slot. Tries again until there is one or the signal ends it. */
export async function withSlot(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  // Without Web Locks (plain HTTP from another host) nothing can be shared: take the risk of one stream.
  if (!("locks" in navigator)) return work();
  while (!signal.aborted) {
    for (const slot of SLOTS) {
      const ran = await navigator.locks.request(slot, { ifAvailable: true }, async (lock) => {
        if (lock) await work();
        return lock !== null;
      });
      if (ran) return;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** When the browser has nothing better to do: what one came for is on the screen, and no key waits. */
const LONGEST_MS = 2_000;
const WITHOUT_MS = 200;

/** Does `work` then. Returns what calls it off. */
export function whenIdle(work: () => void): () => void {
  // Safari has no idle callback.
  if (!window.requestIdleCallback) {
    const timer = setTimeout(work, WITHOUT_MS);
    return () => clearTimeout(timer);
  }
  const callback = requestIdleCallback(work, { timeout: LONGEST_MS });
  return () => cancelIdleCallback(callback);
}

export function idle(): Promise<void> {
  return new Promise((resolve) => void whenIdle(resolve));
}

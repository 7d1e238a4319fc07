/** Resolves when the browser has nothing better to do: what one came for is on the screen. */
const LONGEST_MS = 2_000;

export function idle(): Promise<void> {
  return new Promise((resolve) => {
    // Safari has no idle callback.
    if (!window.requestIdleCallback) setTimeout(resolve, 200);
    else requestIdleCallback(() => resolve(), { timeout: LONGEST_MS });
  });
}

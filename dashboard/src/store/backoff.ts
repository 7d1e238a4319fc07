/** Growing pauses between attempts; coming back online, or the person to a tab ("look"), ends a pause at once. */

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

export class Backoff {
  #failures = 0;

  constructor(private readonly looks: EventTarget) {}

  succeeded(): void {
    this.#failures = 0;
  }

  async pause(signal: AbortSignal): Promise<void> {
    const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#failures);
    this.#failures += 1;
    await wakeable(ceiling * (0.5 + Math.random() / 2), this.looks, signal);
  }
}

function wakeable(ms: number, looks: EventTarget, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      window.removeEventListener("online", done);
      looks.removeEventListener("look", done);
      resolve();
    }
    if (signal.aborted) return done();
    signal.addEventListener("abort", done);
    window.addEventListener("online", done);
    looks.addEventListener("look", done);
  });
}

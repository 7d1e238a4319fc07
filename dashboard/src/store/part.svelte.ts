/**
 * One answer of the API that a view stands on. It is fetched while a view uses it, and again whenever the
 * event log lost the thread; in between, events keep what it brought true. What could not be fetched is asked for
 * again by itself, unless the server refused it.
 */
import { untrack } from "svelte";
import { explain, mayPass, Problem } from "../api/http.ts";

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 15_000;

export class Part {
  loaded = $state(false);
  problem = $state("");
  missing = $state(false);
  #users = 0;
  #stale = true;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly load: () => Promise<void>) {}

  get inUse(): boolean {
    return this.#users > 0;
  }

  /** For `$effect(() => part.use())`: in use until the returned function is called. */
  use(): () => void {
    this.#users += 1;
    if (this.#stale) untrack(() => void this.refresh());
    return () => {
      this.#users -= 1;
      if (this.#users === 0) clearTimeout(this.#retry);
    };
  }

  /** Fetches again, now if someone looks at it, else when someone does. */
  async invalidate(): Promise<void> {
    this.#stale = true;
    if (this.#users > 0) await this.refresh();
  }

  async refresh(): Promise<void> {
    this.#stale = false;
    clearTimeout(this.#retry);
    try {
      await this.load();
      this.loaded = true;
      this.problem = "";
      this.missing = false;
      this.#failures = 0;
    } catch (error) {
      this.#stale = true;
      this.problem = explain(error);
      this.missing = error instanceof Problem && error.status === 404;
      if (mayPass(error)) this.#retryLater();
    }
  }

  #retryLater(): void {
    if (this.#users === 0) return;
    const pause = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#failures += 1;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.refresh(), pause);
  }
}

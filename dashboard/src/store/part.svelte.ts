/**
 * One answer of the API that a view stands on. It is fetched while a view uses it, and again whenever the
 * event log lost the thread; in between, events keep what it brought true.
 */
import { untrack } from "svelte";
import { explain, Problem } from "../api/http.ts";

export class Part {
  loaded = $state(false);
  problem = $state("");
  missing = $state(false);
  #users = 0;
  #stale = true;

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
    };
  }

  /** Fetches again, now if someone looks at it, else when someone does. */
  async invalidate(): Promise<void> {
    this.#stale = true;
    if (this.#users > 0) await this.refresh();
  }

  async refresh(): Promise<void> {
    this.#stale = false;
    try {
      await this.load();
      this.loaded = true;
      this.problem = "";
      this.missing = false;
    } catch (error) {
      this.#stale = true;
      this.problem = explain(error);
      this.missing = error instanceof Problem && error.status === 404;
    }
  }
}

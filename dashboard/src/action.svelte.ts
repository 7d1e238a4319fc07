/** Something a person set off: whether it is under way, and why it failed if it did. */
import { explain } from "./api/http.ts";

export class Action {
  busy = $state(false);
  problem = $state("");

  /** Runs one at a time. True when it went well. */
  async run(work: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.problem = "";
    try {
      await work();
      return true;
    } catch (error) {
      this.problem = explain(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}

/**
 * Tasks that the server finds by their text, in the workspace at hand first. A search begins when the typing
 * pauses, and ends as soon as something else is typed.
 */
import { tasks } from "../api/calls.ts";
import type { Task } from "../api/types.ts";

const PAUSE_MS = 160;
const SHORTEST = 2;
const AT_ONCE = 4;
/** Who works in a hundred workspaces does not have the server read them all at every word. */
export const MOST_SEARCHED = 12;
const ENOUGH = 30;

export class TaskSearch {
  found = $state.raw<Task[]>([]);
  busy = $state(false);
  /** Some workspace did not answer. */
  incomplete = $state(false);
  #stop = new AbortController();

  /** Looks for `text` in these workspaces, in their order. */
  look(text: string, workspaceIds: string[]): void {
    this.stop();
    this.found = [];
    this.incomplete = false;
    if (text.trim().length < SHORTEST) return;
    const { signal } = (this.#stop = new AbortController());
    this.busy = true;
    const timer = setTimeout(() => void this.#lookThrough(text.trim(), workspaceIds, signal), PAUSE_MS);
    signal.addEventListener("abort", () => clearTimeout(timer));
  }

  stop(): void {
    this.#stop.abort();
    this.busy = false;
  }

  async #lookThrough(text: string, workspaceIds: string[], signal: AbortSignal): Promise<void> {
    const left = workspaceIds.slice(0, MOST_SEARCHED);
    const worker = async (): Promise<void> => {
      for (let id = left.shift(); id !== undefined; id = left.shift()) {
        if (signal.aborted || this.found.length >= ENOUGH) return;
        await this.#lookInto(id, text, signal);
      }
    };
    await this.#lookInto(left.shift(), text, signal);
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    if (!signal.aborted) this.busy = false;
  }

  async #lookInto(workspaceId: string | undefined, text: string, signal: AbortSignal): Promise<void> {
    if (workspaceId === undefined) return;
    try {
      const { items } = await tasks.search(workspaceId, text, signal);
      if (!signal.aborted) this.found = [...this.found, ...items];
    } catch {
      if (!signal.aborted) this.incomplete = true;
    }
  }
}

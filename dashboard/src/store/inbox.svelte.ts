/** What waits for the person over all workspaces. What they just settled is gone at once, and back if that failed. */
import { SvelteSet } from "svelte/reactivity";
import * as api from "../api/calls.ts";
import type { Inbox as Snapshot, InboxItem, LogEvent, Workspace } from "../api/types.ts";
import { inboxAfter, inboxFrom, keyOf } from "./inbox-items.ts";

type Seqs = Snapshot["seqs"];
export type Told = Pick<Snapshot, "items" | "seqs">;

const SETTLES_MS = 300;

export class Inbox {
  #known = $state.raw<InboxItem[]>([]);
  readonly #expectedGone = new SvelteSet<string>();
  readonly items = $derived(this.#known.filter((item) => !this.#expectedGone.has(keyOf(item))));
  #soon: Promise<Told> | null = null;
  /** Called with the id of a workspace whose events do not tell what waits there. */
  onDoubt: (workspaceId: string) => void = () => {};

  constructor(private readonly cursorOf: (workspaceId: string) => number) {}

  /** Takes it from the server; tells for which event of each workspace it is true. */
  async refresh(): Promise<Told> {
    // What came to wait anew while the pages were fetched is on two of them: the later one is how it is.
    const found = new Map<string, InboxItem>();
    let page: Snapshot | undefined;
    const seqs: Seqs = {};
    do {
      page = await api.inbox.list(page?.next_cursor ?? null);
      for (const item of page.items) found.set(keyOf(item), item);
      for (const [id, seq] of Object.entries(page.seqs)) seqs[id] = Math.min(seqs[id] ?? seq, seq);
    } while (page.next_cursor);
    const items = [...found.values()];
    this.take({ items, seqs });
    return { items, seqs };
  }

  /** Takes what the server said, to this tab or to another. */
  take(told: Told): void {
    this.#known = inboxFrom(told, this.#known, this.cursorOf);
  }

  /** As `refresh`, once for all who ask for it at about the same time. */
  refreshSoon(): Promise<Told> {
    return (this.#soon ??= new Promise((resolve) => setTimeout(resolve, SETTLES_MS)).then(() => {
      this.#soon = null;
      return this.refresh();
    }));
  }

  applied(event: LogEvent, workspace: Workspace): void {
    this.#known = inboxAfter(this.#known, event, workspace);
    // A task that waits for an approval does not say whether it waits for an answer as well.
    if (event.task?.waiting?.kind === "permission" && this.isUnsure(workspace)) this.onDoubt(workspace.id);
  }

  /** More or less waits in it than is here. */
  isUnsure({ id, counts }: Workspace): boolean {
    return this.#known.filter((item) => item.workspace.id === id).length !== counts.waiting;
  }

  forget(workspaceId: string): void {
    this.#known = this.#known.filter((item) => item.workspace.id !== workspaceId);
  }

  /** Hides an item until the returned function is called; with `true`, for good: it is settled. */
  expectGone(key: string): (settled: boolean) => void {
    this.#expectedGone.add(key);
    return (settled) => {
      if (settled) this.#known = this.#known.filter((item) => keyOf(item) !== key);
      this.#expectedGone.delete(key);
    };
  }
}

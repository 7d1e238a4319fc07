/** What waits for the person over all workspaces. What they just settled is gone at once, and back if that failed. */
import { SvelteSet } from "svelte/reactivity";
import * as api from "../api/calls.ts";
import type { Inbox as Snapshot, InboxItem, LogEvent, Workspace } from "../api/types.ts";
import { inboxAfter, inboxFrom, keyOf } from "./inbox-items.ts";

type Seqs = Snapshot["seqs"];

const SETTLES_MS = 300;

export class Inbox {
  #known = $state.raw<InboxItem[]>([]);
  readonly #expectedGone = new SvelteSet<string>();
  readonly items = $derived(this.#known.filter((item) => !this.#expectedGone.has(keyOf(item))));
  #soon: Promise<Seqs> | null = null;

  constructor(private readonly cursorOf: (workspaceId: string) => number) {}

  /** Takes it from the server; tells for which event of each workspace it is true. */
  async refresh(): Promise<Seqs> {
    const items: InboxItem[] = [];
    let page: Snapshot | undefined;
    const seqs: Seqs = {};
    do {
      page = await api.inbox.list(page?.next_cursor ?? null);
      items.push(...page.items);
      for (const [id, seq] of Object.entries(page.seqs)) seqs[id] = Math.min(seqs[id] ?? seq, seq);
    } while (page.next_cursor);
    this.#known = inboxFrom({ items, seqs }, this.#known, this.cursorOf);
    return seqs;
  }

  /** As `refresh`, once for all who ask for it at about the same time. */
  refreshSoon(): Promise<Seqs> {
    return (this.#soon ??= new Promise((resolve) => setTimeout(resolve, SETTLES_MS)).then(() => {
      this.#soon = null;
      return this.refresh();
    }));
  }

  applied(event: LogEvent, workspace: Workspace): void {
    this.#known = inboxAfter(this.#known, event, workspace);
    // A task that waits for an approval does not say whether it waits for an answer as well: the server does.
    // Whoever cannot be reached now is asked again with the next event, or when the connection is back.
    if (event.task?.waiting?.kind === "permission") void this.refreshSoon().catch(() => {});
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

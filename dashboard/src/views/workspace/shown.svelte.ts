/**
 * The tasks of a workspace that its filter names. Open ones are loaded whole, closed ones by page, the last closed
 * first; so what is typed is looked for at once in all that is here, and by the server in the closed ones that are not.
 */
import { untrack } from "svelte";
import type { Assignee, Status, Task } from "../../api/types.ts";
import type { WorkspaceFilter } from "../../addresses.ts";
import type { TaskList } from "../../store/task-list.svelte.ts";
import type { WorkspaceStore } from "../../store/workspace-store.ts";
import { OPEN, STATUSES } from "../../text/words.ts";
import { type Columns, inColumns, inListOrder, isClosed, named, statusesOf } from "./arrange.ts";

const ASSIGNEES: Assignee[] = ["human", "agent"];
/** Who types goes on typing. */
const SEARCH_PAUSE_MS = 250;

export class ShownTasks {
  /** The person may be looking for something that the server has not been asked about, or not answered. */
  searching = $state(false);
  /** So many of the tasks of a closed column are shown. */
  #shownClosed = $state(20);
  #searched = $state.raw<TaskList | null>(null);

  constructor(
    private readonly store: WorkspaceStore,
    private readonly filter: () => WorkspaceFilter,
  ) {}

  readonly statuses = $derived.by(() => statusesOf(this.filter()));
  readonly open: TaskList | null = $derived.by(() =>
    this.statuses.some((status) => !isClosed(status)) ? this.store.tasks({ statuses: OPEN }) : null,
  );
  readonly #closed = $derived.by(() => new Map(this.statuses.filter(isClosed).map((status) => [status, this.#lists(status)])));
  readonly parts: TaskList[] = $derived.by(() => [...(this.open ? [this.open] : []), ...[...this.#closed.values()].flat()]);
  readonly loaded: boolean = $derived.by(() => this.parts.every((part) => part.loaded));
  /** What could not be fetched. */
  readonly failed: TaskList | undefined = $derived.by(() =>
    [...this.parts, ...(this.#searched ? [this.#searched] : [])].find((part) => part.problem !== ""),
  );
  readonly matching: Task[] = $derived.by(() => this.#reached(named(this.store.log.tasks.values(), this.filter())));
  readonly inListOrder: Task[] = $derived.by(() => inListOrder(this.matching));
  readonly columns: Columns = $derived.by(() => {
    const columns = inColumns(this.matching, this.statuses);
    for (const [status, column] of columns) if (isClosed(status)) columns.set(status, column.slice(0, this.#shownClosed));
    return columns;
  });

  /** By the id of a task, how many sub-tasks of it are open and closed, of those that are here. */
  readonly families = $derived.by(() => {
    const families = new Map<string, { open: number; closed: number }>();
    for (const { parent_id, status } of this.store.log.tasks.values()) {
      if (parent_id === null) continue;
      const family = families.get(parent_id) ?? { open: 0, closed: 0 };
      family[isClosed(status) ? "closed" : "open"] += 1;
      families.set(parent_id, family);
    }
    return families;
  });
  /** There is no task that is not here. */
  readonly knowsAll: boolean = $derived.by(
    () => this.loaded && this.statuses.length === STATUSES.length && !this.filter().assignee && !this.parts.some((part) => part.hasMore),
  );

  /** For an `$effect`: fetches what is shown, and keeps it true, until the returned function is called. */
  use(): () => void {
    const done = this.parts.map((part) => (part === this.open ? part.useAll() : part.use()));
    return () => done.forEach((one) => one());
  }

  /** For an `$effect`: has the server look through what is not loaded. What it finds late for an older text is no harm. */
  search(): (() => void) | undefined {
    const { q, assignee } = this.filter();
    const statuses = this.statuses.filter((status) => this.hasMore(status));
    this.searching = q.trim() !== "" && statuses.length > 0;
    this.#searched = null;
    if (!this.searching) return undefined;
    let done: (() => void) | undefined;
    const timer = setTimeout(() => {
      const list = this.store.tasks({ statuses, assignee, text: q.trim() });
      done = list.useAll();
      this.#searched = list;
    }, SEARCH_PAUSE_MS);
    return () => {
      clearTimeout(timer);
      done?.();
    };
  }

  /** For an `$effect` beside that of `search`. */
  heard(): void {
    if (this.#searched?.loaded || this.#searched?.problem) untrack(() => (this.searching = false));
  }

  hasMore(status: Status): boolean {
    return (this.#closed.get(status) ?? []).some((list) => list.hasMore);
  }

  /** Whether its column has more than it shows. */
  isCut(status: Status): boolean {
    if (!isClosed(status)) return false;
    return this.hasMore(status) || this.matching.filter((task) => task.status === status).length > this.#shownClosed;
  }

  async showMore(status: Status): Promise<void> {
    this.#shownClosed += 50;
    if ((this.columns.get(status)?.length ?? 0) < this.#shownClosed) await this.more(status);
  }

  async more(status: Status): Promise<void> {
    const short = (this.#closed.get(status) ?? []).filter((list) => list.hasMore);
    await Promise.all(short.map((list) => list.more()));
  }

  async moreOfAll(): Promise<void> {
    await Promise.all([...this.#closed.keys()].map((status) => this.more(status)));
  }

  #lists(status: Status): TaskList[] {
    const { assignee } = this.filter();
    // The server's pages go through one assignee after the other: only apart do they begin with the last closed.
    const wanted = assignee ? [assignee] : ASSIGNEES;
    return wanted.map((one) => this.store.tasks({ statuses: [status], assignee: one, lastFirst: true }));
  }

  /** Leaves out closed tasks beyond the pages that are there, though one may be known for another reason: no gaps. */
  #reached(tasks: Task[]): Task[] {
    if (this.filter().q.trim() !== "") return tasks;
    const ends = new Map([...this.#closed].map(([status, lists]) => [status, Math.max(0, ...lists.map(endOf))]));
    return tasks.filter((task) => task.position >= (ends.get(task.status) ?? 0));
  }
}

function endOf(list: TaskList): number {
  return list.hasMore ? (list.reached?.position ?? 0) : 0;
}

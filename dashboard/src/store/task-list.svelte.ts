/** The tasks that a filter names, as many pages of them as were asked for. */
import { untrack } from "svelte";
import * as api from "../api/calls.ts";
import type { TaskFilter } from "../api/paths.ts";
import type { List, Task } from "../api/types.ts";
import { OPEN } from "../text/words.ts";
import { Part } from "./part.svelte.ts";
import type { WorkspaceLog } from "./workspace-log.ts";

export class TaskList extends Part {
  hasMore = $state(false);
  /** The last task of those fetched. */
  reached = $state.raw<Task | null>(null);
  #pages = 1;

  constructor(
    private readonly log: WorkspaceLog,
    private readonly filter: TaskFilter,
  ) {
    super(() => this.#load());
  }

  get showsClosed(): boolean {
    return !this.filter.statuses?.every((status) => OPEN.includes(status));
  }

  async more(): Promise<void> {
    this.#pages += 1;
    await this.refresh();
  }

  /** As `use`, for views that show everything there is. */
  useAll(): () => void {
    this.#pages = Infinity;
    const done = this.use();
    if (untrack(() => this.loaded && this.hasMore)) untrack(() => void this.refresh());
    return done;
  }

  async #load(): Promise<void> {
    const { log, filter } = this;
    const items: Task[] = [];
    let seq = Infinity;
    let page: List<Task> | undefined;
    for (let number = 1; number <= this.#pages && (!page || page.next_cursor); number += 1) {
      // Who wanted them all may have gone meanwhile, to another search say.
      if (number > 1 && this.#pages === Infinity && !this.inUse) break;
      page = await api.tasks.list(log.id, filter, page?.next_cursor ?? null);
      const at = page.seq ?? log.cursor;
      // Shown as they come: the first need not wait for the last.
      for (const task of page.items) log.tasks.put(task, at);
      items.push(...page.items);
      seq = Math.min(seq, at);
    }
    this.hasMore = !!page?.next_cursor;
    this.reached = items.at(-1) ?? null;
    // Only a complete list says what is no longer there.
    log.tasks.reconcile(items, seq, (task) => !this.hasMore && matches(task, filter));
  }
}

/** Whether the server would list this task under the filter. */
export function matches(task: Task, { statuses, assignee, text, parentId }: TaskFilter): boolean {
  if (statuses && !statuses.includes(task.status)) return false;
  if (assignee && task.assignee !== assignee) return false;
  if (parentId && task.parent_id !== parentId) return false;
  if (!text) return true;
  const wanted = text.toLowerCase();
  return task.title.toLowerCase().includes(wanted) || task.body.toLowerCase().includes(wanted);
}

/** The tasks that a filter names, as many pages of them as were asked for. */
import * as api from "../api/calls.ts";
import type { TaskFilter } from "../api/calls.ts";
import type { Task } from "../api/types.ts";
import { pages } from "./pages.ts";
import { Part } from "./part.svelte.ts";
import type { WorkspaceLog } from "./workspace-log.ts";

export class TaskList extends Part {
  hasMore = $state(false);
  #pages = 1;

  constructor(log: WorkspaceLog, filter: TaskFilter) {
    super(async () => {
      const found = await pages((cursor) => api.tasks.list(log.id, filter, cursor), this.#pages);
      this.hasMore = !found.complete;
      // Only a complete list says what is no longer there.
      log.tasks.reconcile(found.items, found.seq ?? log.cursor, (task) => found.complete && matches(task, filter));
    });
  }

  async more(): Promise<void> {
    this.#pages += 1;
    await this.refresh();
  }

  /** For views that show everything there is, as a board does. */
  async all(): Promise<void> {
    this.#pages = Infinity;
    await this.refresh();
  }
}

/** Whether the server would list this task under the filter. */
export function matches(task: Task, { statuses, assignee, text, parentId }: TaskFilter): boolean {
  if (statuses && !statuses.includes(task.status)) return false;
  if (assignee && task.assignee !== assignee) return false;
  if (parentId && task.parent_id !== parentId) return false;
  const wanted = text?.toLowerCase() ?? "";
  return task.title.toLowerCase().includes(wanted) || task.body.toLowerCase().includes(wanted);
}

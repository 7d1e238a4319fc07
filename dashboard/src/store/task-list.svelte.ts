/** The tasks of some statuses, as many pages of them as were asked for. */
import * as api from "../api/calls.ts";
import type { Status, Task } from "../api/types.ts";
import type { WorkspaceLog } from "./workspace-log.ts";
import { Part } from "./part.svelte.ts";

export class TaskList extends Part {
  hasMore = $state(false);
  #pages = 1;

  constructor(log: WorkspaceLog, statuses: Status[]) {
    super(async () => {
      const found: Task[] = [];
      let cursor: string | null = null;
      let seq = Infinity;
      for (let page = 0; page < this.#pages; page += 1) {
        const list = await api.tasks.list(log.id, statuses, cursor);
        found.push(...list.items);
        seq = Math.min(seq, list.seq ?? log.cursor);
        cursor = list.next_cursor;
        if (!cursor) break;
      }
      this.hasMore = cursor !== null;
      // Only a complete list says what is no longer there.
      const complete = cursor === null;
      log.tasks.reconcile(found, seq, (task) => complete && statuses.includes(task.status));
    });
  }

  async more(): Promise<void> {
    this.#pages += 1;
    await this.refresh();
  }
}

/** What was said and done in one task: messages, permission requests, and its history. */
import * as api from "../api/calls.ts";
import { everyPage } from "./pages.ts";
import { Part } from "./part.svelte.ts";
import type { WorkspaceLog } from "./workspace-log.ts";

export class Thread extends Part {
  constructor(
    private readonly log: WorkspaceLog,
    readonly taskId: string,
  ) {
    super(() => this.#load());
  }

  async #load(): Promise<void> {
    const { log, taskId } = this;
    log.follow(taskId);
    const [messages, permissions, activities] = await Promise.all([
      everyPage((cursor) => api.messages.list(log.id, taskId, cursor)),
      everyPage((cursor) => api.permissions.list(log.id, taskId, cursor)),
      everyPage((cursor) => api.tasks.activities(log.id, taskId, cursor)),
    ]);
    const ofTask = (one: { task_id: string | null }): boolean => one.task_id === taskId;
    log.messages.reconcile(messages.items, messages.seq ?? log.cursor, ofTask);
    log.permissions.reconcile(permissions.items, permissions.seq ?? log.cursor, ofTask);
    log.activities.reconcile(activities.items, activities.seq ?? log.cursor, ofTask);
  }
}

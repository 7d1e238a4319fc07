/** A workspace with things in it that wait, without a server's stream. Each is another one: ids are used once. */
import { tick } from "svelte";
import type { InboxItem, LogEvent, Message, Permission, Task, Workspace } from "../../src/api/types.ts";
import { live } from "../../src/store/live.svelte.ts";
import { serve, type Request } from "../server.ts";
import * as plain from "../store/events.ts";

let made = 0;

export class Shop {
  readonly id = `shop${(made += 1)}`;
  readonly place = { id: this.id, name: "Shop" };

  workspace(changes: Partial<Workspace> = {}): Workspace {
    return plain.workspace({ id: this.id, seq: 1, ...changes });
  }

  task(id: string, version: number, changes: Partial<Task> = {}): Task {
    return plain.task(id, version, { workspace_id: this.id, ...changes });
  }

  message(id: string, taskId: string, changes: Partial<Message> = {}): Message {
    return { ...plain.message(id, taskId), workspace_id: this.id, ...changes };
  }

  permission(id: string, changes: Partial<Permission> = {}): Permission {
    return plain.permission(id, { workspace_id: this.id, ...changes });
  }

  question(id: string, since: string): InboxItem {
    const waiting = { since, kind: "question" } as const;
    return { kind: "question", workspace: this.place, since, task: this.task(id, 1, { waiting }), permission: null };
  }

  approval(id: string, since: string, changes: Partial<Permission> = {}): InboxItem {
    const permission = this.permission(id, { created_at: since, ...changes });
    return { kind: "permission", workspace: this.place, since, task: null, permission };
  }

  at(path: string): string {
    return `/api/workspaces/${this.id}/${path}`;
  }

  /** The page knows the workspace and its inbox. Returns what is requested from then on. */
  async waits(items: InboxItem[], answers: Parameters<typeof serve>[0] = {}): Promise<Request[]> {
    const requests = serve({
      "GET /api/inbox": () => ({ items, next_cursor: null, seqs: { [this.id]: 1 } }),
      ...answers,
    });
    live.workspaces.put(this.workspace(), 1);
    live.store(this.id).log.advanceTo(1);
    await live.inbox.refresh();
    live.loaded = true;
    requests.length = 0;
    return requests;
  }

  /** The next event of the log arrives. */
  async happens(type: string, entities: Partial<LogEvent>): Promise<void> {
    const { log } = live.store(this.id);
    log.receive({ ...plain.event(log.cursor + 1, type, entities), workspace_id: this.id });
    await tick();
    await tick();
  }
}

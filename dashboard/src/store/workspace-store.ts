/** One workspace: its event log and the parts of it that have been fetched. */
import * as api from "../api/calls.ts";
import { Problem } from "../api/http.ts";
import type { Message, Status, Workspace } from "../api/types.ts";
import type { Collection } from "./collection.ts";
import { Part } from "./part.svelte.ts";
import { TaskList } from "./task-list.svelte.ts";
import { WorkspaceLog } from "./workspace-log.ts";

const RESYNC_PAUSE_MS = 2_000;
const REFUSED = [401, 403, 404];

export class WorkspaceStore {
  readonly log: WorkspaceLog;
  readonly tokens: Part;
  readonly permissionRules: Part;
  readonly #parts = new Map<string, Part>();
  #resyncing: Promise<void> | null = null;
  #resyncWanted = false;

  constructor(
    readonly id: string,
    private readonly workspaces: Collection<Workspace>,
  ) {
    const log = new WorkspaceLog(id, workspaces);
    this.log = log;
    log.onGap = () => void this.resync();
    this.tokens = this.#part("tokens", async () => {
      const list = await api.tokens.list(id);
      log.tokens.reconcile(list.items, list.seq ?? log.cursor, () => true);
    });
    this.permissionRules = this.#part("permission_rules", async () => {
      const list = await api.permissionRules.list(id);
      log.permissionRules.reconcile(list.items, list.seq ?? log.cursor, () => true);
    });
  }

  tasks(statuses: Status[]): TaskList {
    const name = `tasks ${statuses.join(",")}`;
    const known = this.#parts.get(name);
    if (known instanceof TaskList) return known;
    const list = new TaskList(this.log, statuses);
    this.#parts.set(name, list);
    return list;
  }

  task(id: string): Part {
    return this.#part(`task ${id}`, async () => {
      const before = this.log.cursor;
      this.log.tasks.put(await api.tasks.get(this.id, id), before);
    });
  }

  thread(id: string): Part {
    return this.#part(`thread ${id}`, async () => {
      const found: Message[] = [];
      let cursor: string | null = null;
      let seq = Infinity;
      do {
        const list = await api.messages.list(this.id, id, cursor);
        found.push(...list.items);
        seq = Math.min(seq, list.seq ?? this.log.cursor);
        cursor = list.next_cursor;
      } while (cursor);
      this.log.messages.reconcile(found, seq, (message) => message.task_id === id);
    });
  }

  permissions(taskId: string): Part {
    return this.#part(`permissions ${taskId}`, async () => {
      const list = await api.permissions.list(this.id, taskId);
      this.log.permissions.reconcile(
        list.items,
        list.seq ?? this.log.cursor,
        (permission) => list.next_cursor === null && permission.task_id === taskId,
      );
    });
  }

  /** Takes everything in use from the server again; used when events were missed. Tries until it works. */
  resync(): Promise<void> {
    this.#resyncWanted = true;
    this.#resyncing ??= this.#resyncUntilDone().finally(() => (this.#resyncing = null));
    return this.#resyncing;
  }

  async #resyncUntilDone(): Promise<void> {
    while (this.#resyncWanted) {
      this.#resyncWanted = false;
      try {
        await this.#resyncOnce();
      } catch (error) {
        if (error instanceof Problem && REFUSED.includes(error.status)) return;
        this.#resyncWanted = true;
        await new Promise((resolve) => setTimeout(resolve, RESYNC_PAUSE_MS));
      }
    }
  }

  async #resyncOnce(): Promise<void> {
    // The head first: every list fetched after it is at least as new as its seq.
    const workspace = await api.workspaces.get(this.id);
    await Promise.all([...this.#parts.values()].map((part) => part.invalidate()));
    this.workspaces.put(workspace, workspace.seq);
    this.log.advanceTo(workspace.seq);
  }

  #part(name: string, load: () => Promise<void>): Part {
    const known = this.#parts.get(name);
    if (known) return known;
    const part = new Part(load);
    this.#parts.set(name, part);
    return part;
  }
}

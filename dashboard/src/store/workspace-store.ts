/** One workspace: its event log and the parts of it that have been fetched. */
import * as api from "../api/calls.ts";
import type { TaskFilter } from "../api/paths.ts";
import { Problem } from "../api/http.ts";
import type { Workspace } from "../api/types.ts";
import { OPEN } from "../text/words.ts";
import type { Collection } from "./collection.ts";
import { everyPage } from "./pages.ts";
import { Part } from "./part.svelte.ts";
import { TaskList } from "./task-list.svelte.ts";
import { Thread } from "./thread.svelte.ts";
import { WorkspaceLog } from "./workspace-log.ts";

const RESYNC_PAUSE_MS = 2_000;
const REFUSED = [401, 403, 404];
/** Lists and threads that nobody looks at are kept for the way back, this many of them. */
const MOST_UNUSED = 12;
/** After so many events it is looked whether anything can be let go. */
const TIDY_AFTER = 200;

export class WorkspaceStore {
  readonly log: WorkspaceLog;
  readonly tokens: Part;
  readonly permissionRules: Part;
  /** The workspace is not there any more, or not for this person. */
  onGone: () => void = () => {};
  /** Loads what else stands on the events of this workspace: those that a resync leaves out are never told. */
  alsoResync: () => Promise<unknown> = () => Promise.resolve();
  readonly #parts = new Map<string, Part>();
  #resyncing: Promise<void> | null = null;
  #resyncWanted = false;
  #applied = 0;

  constructor(
    readonly id: string,
    private readonly workspaces: Collection<Workspace>,
  ) {
    const log = new WorkspaceLog(id, workspaces);
    this.log = log;
    log.onGap = () => void this.resync();
    this.tokens = new Part(async () => {
      const list = await everyPage((cursor) => api.tokens.list(id, cursor));
      log.tokens.reconcile(list.items, list.seq ?? log.cursor, () => true);
    });
    this.permissionRules = new Part(async () => {
      const list = await everyPage((cursor) => api.permissionRules.list(id, cursor));
      log.permissionRules.reconcile(list.items, list.seq ?? log.cursor, () => true);
    });
  }

  tasks(filter: TaskFilter): TaskList {
    return this.part(`tasks ${JSON.stringify(filter)}`, () => new TaskList(this.log, filter));
  }

  task(id: string): Part {
    return this.part(`task ${id}`, () => new Part(async () => {
      const before = this.log.cursor;
      this.log.tasks.put(await api.tasks.get(this.id, id), before);
    }));
  }

  thread(taskId: string): Thread {
    return this.part(`thread ${taskId}`, () => new Thread(this.log, taskId));
  }

  /** For every event that was applied: closed tasks that nobody looks at do not pile up in the course of days. */
  applied(): void {
    this.#applied += 1;
    if (this.#applied % TIDY_AFTER !== 0) return;
    const parts = [...this.#parts];
    if (parts.some(([, part]) => part.inUse && part instanceof TaskList && part.showsClosed)) return;
    const seen = new Set(parts.filter(([, { inUse }]) => inUse).map(([name]) => name));
    this.log.tasks.evict(
      ({ id, status }) => !OPEN.includes(status) && !seen.has(`task ${id}`) && !seen.has(`thread ${id}`),
    );
    for (const [, part] of parts) if (!part.inUse) void part.invalidate();
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
        if (error instanceof Problem && error.status === 404) this.onGone();
        if (error instanceof Problem && REFUSED.includes(error.status)) return;
        this.#resyncWanted = true;
        await new Promise((resolve) => setTimeout(resolve, RESYNC_PAUSE_MS));
      }
    }
  }

  async #resyncOnce(): Promise<void> {
    // The head first: every list fetched after it is at least as new as its seq.
    const workspace = await api.workspaces.get(this.id);
    const parts = [this.tokens, this.permissionRules, ...this.#parts.values()];
    await Promise.all([this.alsoResync(), ...parts.map((part) => part.invalidate())]);
    this.workspaces.put(workspace, workspace.seq);
    this.log.advanceTo(workspace.seq);
  }

  /** The part of this name; the latest asked for are kept, and those in use. */
  part<P extends Part>(name: string, make: () => P): P {
    const part = (this.#parts.get(name) as P | undefined) ?? make();
    this.#parts.delete(name);
    this.#parts.set(name, part);
    const unused = [...this.#parts].filter(([other, { inUse }]) => !inUse && other !== name);
    for (const [other, left] of unused.slice(0, -MOST_UNUSED)) {
      this.#parts.delete(other);
      if (left instanceof Thread) this.log.unfollow(left.taskId);
    }
    return part;
  }
}

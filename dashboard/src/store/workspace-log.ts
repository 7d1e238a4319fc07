/**
 * One workspace's entities, kept true by its event log: snapshot + later events = new snapshot.
 * Events are applied strictly in order of `seq`, each once. One that comes early waits and asks for a
 * resync (`onGap`); one that comes late or twice changes nothing.
 */
import type {
  LogEvent,
  Message,
  Permission,
  PermissionRule,
  Task,
  Token,
  Workspace,
} from "../api/types.ts";
import { Collection } from "./collection.ts";

export class WorkspaceLog {
  readonly tasks = new Collection<Task>();
  readonly messages = new Collection<Message>();
  readonly tokens = new Collection<Token>();
  readonly permissions = new Collection<Permission>();
  readonly permissionRules = new Collection<PermissionRule>();

  onGap: () => void = () => {};
  onApplied: (event: LogEvent) => void = () => {};

  #cursor = 0;
  readonly #early = new Map<number, LogEvent>();

  constructor(
    readonly id: string,
    private readonly workspaces: Collection<Workspace>,
  ) {}

  /** Everything up to and including this event is contained in the collections. */
  get cursor(): number {
    return this.#cursor;
  }

  receive(event: LogEvent): void {
    if (event.seq <= this.#cursor) return;
    this.#early.set(event.seq, event);
    this.#applyInOrder();
    if (this.#early.size > 0) this.onGap();
  }

  /** The collections now hold snapshots that were taken at `seq` or later. */
  advanceTo(seq: number): void {
    if (seq <= this.#cursor) return;
    this.#cursor = seq;
    for (const early of [...this.#early.keys()]) {
      if (early <= seq) this.#early.delete(early);
    }
    this.#applyInOrder();
  }

  #applyInOrder(): void {
    for (;;) {
      const next = this.#early.get(this.#cursor + 1);
      if (!next) return;
      this.#early.delete(next.seq);
      this.#cursor = next.seq;
      this.#apply(next);
      this.onApplied(next);
    }
  }

  #apply(event: LogEvent): void {
    const { seq } = event;
    if (event.type.endsWith(".deleted")) this.#forget(event);
    else {
      if (event.workspace) this.workspaces.put(event.workspace, seq);
      if (event.task) this.tasks.put(event.task, seq);
      if (event.message) this.messages.put(event.message, seq);
      if (event.token) this.tokens.put(event.token, seq);
      if (event.permission) this.permissions.put(event.permission, seq);
      if (event.permission_rule) this.permissionRules.put(event.permission_rule, seq);
    }
    this.#count(event);
  }

  #forget(event: LogEvent): void {
    if (event.type === "workspace.deleted") this.workspaces.delete(this.id);
    if (event.task) this.tasks.delete(event.task.id);
    if (event.permission_rule) this.permissionRules.delete(event.permission_rule.id);
  }

  #count({ counts, seq }: LogEvent): void {
    const workspace = this.workspaces.get(this.id);
    if (workspace) this.workspaces.put({ ...workspace, seq, counts: counts ?? workspace.counts }, seq);
  }
}

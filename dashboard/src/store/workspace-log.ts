/**
 * One workspace's entities, kept true by its event log: snapshot + later events = new snapshot.
 * Events are applied strictly in order of `seq`, each once. One that comes early waits and asks for a
 * resync (`onGap`); one that comes late or twice changes nothing. What belongs to a thread that nobody
 * follows is not kept, so that a page left open for days stays as small as it was.
 */
import type {
  Activity,
  Invitation,
  LogEvent,
  Member,
  Message,
  Permission,
  PermissionRule,
  Task,
  Token,
  Workspace,
} from "../api/types.ts";
import { Collection } from "./collection.ts";

/** Beyond this many events that came early, the snapshot is loaded anew anyway. */
const MOST_EARLY = 500;

export class WorkspaceLog {
  readonly tasks = new Collection<Task>();
  readonly messages = new Collection<Message>();
  readonly activities = new Collection<Activity>();
  readonly tokens = new Collection<Token>();
  readonly permissions = new Collection<Permission>();
  readonly permissionRules = new Collection<PermissionRule>();
  readonly members = new Collection<Member>();
  readonly invitations = new Collection<Invitation>();

  onGap: () => void = () => {};
  onApplied: (event: LogEvent) => void = () => {};

  #cursor = 0;
  readonly #early = new Map<number, LogEvent>();
  readonly #followed = new Set<string>();

  constructor(
    readonly id: string,
    private readonly workspaces: Collection<Workspace>,
  ) {}

  /** Everything up to and including this event is contained in the collections. */
  get cursor(): number {
    return this.#cursor;
  }

  /** From now on, keep what is said and done in this task. */
  follow(taskId: string): void {
    this.#followed.add(taskId);
  }

  unfollow(taskId: string): void {
    this.#followed.delete(taskId);
    const ofTask = (one: { task_id: string | null }): boolean => one.task_id === taskId;
    this.messages.evict(ofTask);
    this.activities.evict(ofTask);
    this.permissions.evict(ofTask);
  }

  receive(event: LogEvent): void {
    if (event.seq <= this.#cursor) return;
    if (this.#early.size < MOST_EARLY) this.#early.set(event.seq, event);
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
    if (event.type.endsWith(".deleted")) this.#forget(event);
    else this.#keep(event);
    this.#count(event);
  }

  #keep(event: LogEvent): void {
    const { seq, workspace, task, message, token, replaced, permission, permission_rule } = event;
    if (workspace) this.workspaces.put(workspace, seq);
    if (task) this.tasks.put(task, seq);
    if (token) this.tokens.put(token, seq);
    if (replaced) this.tokens.put(replaced, seq);
    if (permission_rule) this.permissionRules.put(permission_rule, seq);
    this.#people(event);
    if (message && this.#followed.has(message.task_id)) this.messages.put(message, seq);
    if (permission && this.#isKept(permission)) this.permissions.put(permission, seq);
    for (const activity of event.activities ?? []) {
      if (this.#followed.has(activity.task_id)) this.activities.put(activity, seq);
    }
  }

  /** Whatever is said of an invitation but that it was made ends it. */
  #people({ type, seq, member, invitation }: LogEvent): void {
    if (member && type === "member.removed") this.members.delete(member.id);
    else if (member) this.members.put(member, seq);
    if (invitation && type === "member.invited") this.invitations.put(invitation, seq);
    else if (invitation) this.invitations.delete(invitation.id);
  }

  #isKept({ id, task_id }: Permission): boolean {
    return (task_id !== null && this.#followed.has(task_id)) || this.permissions.confirmed(id) !== undefined;
  }

  #forget(event: LogEvent): void {
    if (event.type === "workspace.deleted") this.workspaces.delete(this.id);
    if (event.task) {
      this.tasks.delete(event.task.id);
      this.unfollow(event.task.id);
    }
    if (event.permission_rule) this.permissionRules.delete(event.permission_rule.id);
  }

  #count({ counts, seq }: LogEvent): void {
    const workspace = this.workspaces.confirmed(this.id);
    if (workspace) this.workspaces.put({ ...workspace, seq, counts: counts ?? workspace.counts }, seq);
  }
}

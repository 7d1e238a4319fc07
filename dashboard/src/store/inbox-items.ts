/** The arithmetic of the inbox: items, oldest first, kept true between two snapshots by events. */
import type { Inbox as Snapshot, InboxItem, LogEvent, Task, Workspace } from "../api/types.ts";

export function keyOf(item: InboxItem): string {
  return item.permission ? `permission ${item.permission.id}` : `task ${item.task?.id ?? ""}`;
}

export function inboxAfter(
  items: InboxItem[],
  event: LogEvent,
  { id, name }: Pick<Workspace, "id" | "name">,
): InboxItem[] {
  const changed = changedItems(items, event, { id, name });
  if (changed.length === 0) return items;
  const keys = new Set(changed.map(({ item }) => keyOf(item)));
  const kept = items.filter((item) => !keys.has(keyOf(item))).map((item) => withTask(item, event.task));
  return inOrder([...kept, ...changed.filter(({ waits }) => waits).map(({ item }) => item)]);
}

/** A snapshot wins, except for workspaces whose events we have followed further than it reaches. */
export function inboxFrom(
  snapshot: Pick<Snapshot, "items" | "seqs">,
  current: InboxItem[],
  cursorOf: (workspaceId: string) => number,
): InboxItem[] {
  const ahead = (item: InboxItem): boolean =>
    cursorOf(item.workspace.id) > (snapshot.seqs[item.workspace.id] ?? Infinity);
  return inOrder([
    ...snapshot.items.filter((item) => !ahead(item)),
    ...current.filter((item) => ahead(item)),
  ]);
}

interface Changed {
  item: InboxItem;
  waits: boolean;
}

function changedItems(items: InboxItem[], event: LogEvent, workspace: InboxItem["workspace"]): Changed[] {
  const changed: Changed[] = [];
  const { permission } = event;
  const task = event.task ?? null;
  if (permission) {
    const item = { kind: "permission", workspace, since: permission.created_at, task, permission } as const;
    changed.push({ item, waits: permission.status === "pending" });
  }
  if (task) {
    const before = items.find((item) => keyOf(item) === `task ${task.id}`);
    changed.push(event.type === "task.deleted" ? gone(task, workspace) : ofTask(task, workspace, before));
  }
  return changed;
}

function ofTask(task: Task, workspace: InboxItem["workspace"], before: InboxItem | undefined): Changed {
  const { waiting } = task;
  // An approval that waits hides whether an answer is waited for as well: then it is as it was.
  if (waiting?.kind === "permission") return before ? { item: { ...before, task }, waits: true } : gone(task, workspace);
  const kind = waiting?.kind ?? "task";
  return { item: { kind, workspace, since: waiting?.since ?? "", task, permission: null }, waits: !!waiting };
}

function gone(task: Task, workspace: InboxItem["workspace"]): Changed {
  return { item: { kind: "task", workspace, since: "", task, permission: null }, waits: false };
}

function withTask(item: InboxItem, task: Task | undefined): InboxItem {
  return task && item.task?.id === task.id ? { ...item, task } : item;
}

function inOrder(items: InboxItem[]): InboxItem[] {
  return items.sort((a, b) => a.since.localeCompare(b.since) || keyOf(a).localeCompare(keyOf(b)));
}

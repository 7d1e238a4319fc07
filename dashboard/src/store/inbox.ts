/** What waits for the person over all workspaces, oldest first, kept true between two snapshots by events. */
import type { Inbox, InboxItem, LogEvent, Workspace } from "../api/types.ts";

export function keyOf(item: InboxItem): string {
  return item.permission ? `permission ${item.permission.id}` : `task ${item.task?.id ?? ""}`;
}

export function inboxAfter(
  items: InboxItem[],
  event: LogEvent,
  workspace: Pick<Workspace, "id" | "name">,
): InboxItem[] {
  const changed = changedItems(event, { id: workspace.id, name: workspace.name });
  if (changed.length === 0) return items;
  const keys = new Set(changed.map(({ item }) => keyOf(item)));
  const kept = items.filter((item) => !keys.has(keyOf(item)));
  return inOrder([...kept, ...changed.filter(({ waits }) => waits).map(({ item }) => item)]);
}

/** A snapshot wins, except for workspaces whose events we have followed further than it reaches. */
export function inboxFrom(
  snapshot: Inbox,
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

function changedItems(event: LogEvent, workspace: InboxItem["workspace"]): Changed[] {
  const changed: Changed[] = [];
  const { task, permission } = event;
  if (permission) {
    const item = { kind: "permission", workspace, since: permission.created_at, task: null, permission } as const;
    changed.push({ item, waits: permission.status === "pending" });
  }
  if (task) {
    const waiting = event.type === "task.deleted" ? null : task.waiting;
    const kind = waiting?.kind === "task" ? "task" : "question";
    const item = { kind, workspace, since: waiting?.since ?? "", task, permission: null } as const;
    changed.push({ item, waits: !!waiting && waiting.kind !== "permission" });
  }
  return changed;
}

function inOrder(items: InboxItem[]): InboxItem[] {
  return items.sort((a, b) => a.since.localeCompare(b.since) || keyOf(a).localeCompare(keyOf(b)));
}

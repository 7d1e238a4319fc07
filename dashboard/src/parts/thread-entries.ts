/** What stands in a thread, in which order: messages, permission requests, and changes, folded by who made them. */
import type { Activity, Actor, Message, Permission, Task } from "../api/types.ts";

export type Entry =
  | { kind: "message"; id: string; at: number; message: Message }
  | { kind: "permission"; id: string; at: number; permission: Permission }
  | { kind: "changes"; id: string; at: number; actor: Actor; changes: Activity[] };

export function entriesOf(messages: Message[], permissions: Permission[], activities: Activity[]): Entry[] {
  const all: Entry[] = [
    ...messages.map(ofMessage),
    ...permissions.map(ofPermission),
    ...activities.map((one) => ({ kind: "changes" as const, id: one.id, at: Date.parse(one.at), actor: one.actor, changes: [one] })),
  ];
  // What happened at once: the word before the change that came with it.
  const rank = { message: 0, permission: 1, changes: 2 };
  all.sort((a, b) => a.at - b.at || rank[a.kind] - rank[b.kind] || (a.id < b.id ? -1 : 1));
  return folded(all);
}

export function startsDay(entry: Entry, before: Entry | undefined): boolean {
  return !before || !isSameDay(before.at, entry.at);
}

export type Delivery = "waiting" | "seen";

/** What became of what people wrote, by message: the last one that was seen, and the last one that was not. */
export function deliveriesOf(messages: Message[], task: Task): Map<string, Delivery> {
  const deliveries = new Map<string, Delivery>();
  if (!hasReader(task)) return deliveries;
  const seen = task.seen?.message_id ?? "";
  for (const { id, sender } of messages.toSorted((a, b) => (a.id < b.id ? 1 : -1))) {
    const delivery = id <= seen ? "seen" : "waiting";
    if (sender.kind !== "person" || [...deliveries.values()].includes(delivery)) continue;
    deliveries.set(id, delivery);
    if (delivery === "seen") break;
  }
  return deliveries;
}

/** Whether there is an agent to read what is written. */
function hasReader({ agent, assignee, created_by, seen }: Task): boolean {
  return agent !== null || assignee === "agent" || created_by.kind === "agent" || seen !== null;
}

/** The same entry for the same thing: what did not change is not drawn anew. */
const known = new WeakMap<Message | Permission, Entry>();

function ofMessage(message: Message): Entry {
  return known.get(message) ?? keep(message, { kind: "message", id: message.id, at: Date.parse(message.created_at), message });
}

function ofPermission(permission: Permission): Entry {
  const at = Date.parse(permission.created_at);
  return known.get(permission) ?? keep(permission, { kind: "permission", id: permission.id, at, permission });
}

function keep(of: Message | Permission, entry: Entry): Entry {
  known.set(of, entry);
  return entry;
}

function folded(entries: Entry[]): Entry[] {
  const result: Entry[] = [];
  for (const entry of entries) {
    const last = result.at(-1);
    if (entry.kind === "changes" && last?.kind === "changes" && last.actor.id === entry.actor.id && isSameDay(last.at, entry.at)) {
      last.changes.push(...entry.changes);
    } else result.push(entry);
  }
  return result;
}

/** Changes in a row that are one to the reader: a description that was saved twice, a title that was corrected. */
export function compact(changes: Activity[]): Activity[] {
  const result: Activity[] = [];
  for (const change of changes) {
    const last = result.at(-1);
    const goesOn = last?.kind === change.kind && (change.kind === "body" || (change.kind === "title" && last.after === change.before));
    if (last && goesOn) result[result.length - 1] = { ...change, before: last.before };
    else result.push(change);
  }
  return result;
}

function isSameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

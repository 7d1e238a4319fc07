/** Small entities and events for tests of the store. */
import type { Actor, InboxItem, LogEvent, Message, Permission, Task, Workspace } from "../../src/api/types.ts";

const AT = "2026-11-20T10:00:00Z";
export const ADA: Actor = { kind: "person", id: "p1", name: "Ada" };
export const BOT: Actor = { kind: "agent", id: "a1", name: "laptop" };

export function workspace(changes: Partial<Workspace> = {}): Workspace {
  const counts = { notstarted: 0, ongoing: 0, blocked: 0, completed: 0, rejected: 0, waiting: 0, agents: 0 };
  const base = { id: "w1", name: "Shop", mission: "", archived_at: null, seq: 0, version: 1 };
  return { ...base, created_at: AT, updated_at: AT, counts, ...changes };
}

export function task(id: string, version: number, changes: Partial<Task> = {}): Task {
  return {
    id,
    version,
    workspace_id: "w1",
    title: `${id} v${version}`,
    body: "",
    status: "ongoing",
    assignee: "agent",
    created_by: ADA,
    agent: null,
    parent_id: null,
    position: 1,
    created_at: AT,
    updated_at: AT,
    last_message: null,
    pending_permissions: 0,
    unread: 0,
    waiting: null,
    attachments: [],
    messages: 0,
    seen: null,
    ...changes,
  };
}

export function message(id: string, taskId: string): Message {
  return { id, workspace_id: "w1", task_id: taskId, sender: BOT, text: id, attachments: [], created_at: AT };
}

export function permission(id: string, changes: Partial<Permission> = {}): Permission {
  return {
    id,
    workspace_id: "w1",
    task_id: "t1",
    agent: { id: "a1", name: "laptop" },
    tool_name: "Bash",
    description: "Look",
    input: "git status",
    rule: null,
    status: "pending",
    behavior: null,
    reason: null,
    decided_by: null,
    decided_at: null,
    created_at: AT,
    version: 1,
    ...changes,
  };
}

export function event(seq: number, type: string, entities: Partial<LogEvent> = {}): LogEvent {
  return { seq, type, workspace_id: "w1", at: AT, actor: BOT, ...entities };
}

export function question(id: string, since: string): InboxItem {
  const waiting = { since, kind: "question" } as const;
  return { kind: "question", workspace: { id: "w1", name: "Shop" }, since, task: task(id, 1, { waiting }), permission: null };
}

/** Every call that the dashboard makes, by the name of what it does. */
import { call } from "./http.ts";
import { at, authSession, enc, inboxPage, messagesPage, query, taskAt, tasksPage, workspacesPage, type Cursor, type TaskFilter } from "./paths.ts";
import type {
  Activity,
  Assignee,
  AnnouncedFile,
  Attachment,
  Behavior,
  Device,
  Inbox,
  IssuedToken,
  List,
  Message,
  Permission,
  PermissionRule,
  Person,
  Push,
  RulePreview,
  Status,
  Task,
  Token,
  Workspace,
} from "./types.ts";

export type AttachmentRef = Pick<Attachment, "id">;

export const auth = {
  config: () => call<{ providers: string[]; names: Record<string, string> }>("GET", "/auth/config"),
  session: () => call<{ person: Person }>("GET", authSession),
  signInLocally: () => call<unknown>("POST", "/auth/local/session"),
  signOut: () => call<void>("DELETE", authSession),
};

export const inbox = { list: (cursor: Cursor) => call<Inbox>("GET", inboxPage(cursor)) };

export const push = {
  get: () => call<Push>("GET", "/api/push"),
  addDevice: (body: { endpoint: string; keys: { p256dh: string; auth: string }; name: string }) =>
    call<Device>("POST", "/api/push/devices", { body }),
  removeDevice: (id: string) => call<void>("DELETE", `/api/push/devices/${enc(id)}`),
};

export const workspaces = {
  list: (cursor: Cursor) => call<List<Workspace>>("GET", workspacesPage(cursor)),
  get: (id: string) => call<Workspace>("GET", at(id)),
  create: (body: { name: string; mission: string }, idempotencyKey: string) =>
    call<Workspace>("POST", "/api/workspaces", { body, idempotencyKey }),
  update: (id: string, body: { name?: string; mission?: string; version: number }) =>
    call<Workspace>("PATCH", at(id), { body }),
  archive: (id: string) => call<Workspace>("PUT", `${at(id)}/archive`),
  restore: (id: string) => call<Workspace>("DELETE", `${at(id)}/archive`),
  remove: (id: string, confirm: string) => call<void>("DELETE", at(id), { body: { confirm } }),
};

export const tokens = {
  list: (ws: string, cursor: Cursor) => call<List<Token>>("GET", `${at(ws)}/tokens${query(cursor)}`),
  generate: (ws: string, name: string, idempotencyKey: string) =>
    call<IssuedToken>("POST", `${at(ws)}/tokens`, { body: { name }, idempotencyKey }),
  rotate: (ws: string, id: string, idempotencyKey: string) =>
    call<IssuedToken>("POST", `${at(ws)}/tokens/${enc(id)}/rotation`, { idempotencyKey }),
  revoke: (ws: string, id: string) => call<void>("DELETE", `${at(ws)}/tokens/${enc(id)}`),
};

export interface NewTask {
  title: string;
  body: string;
  assignee: Assignee;
  parent_id?: string;
  attachments: AttachmentRef[];
}

/** What is left out stays. With `version`, only if the task is still at it. */
export interface TaskChange {
  title?: string;
  body?: string;
  status?: Status;
  assignee?: Assignee;
  position?: number;
  version?: number;
}

export const tasks = {
  list: (ws: string, filter: TaskFilter, cursor: Cursor) => call<List<Task>>("GET", tasksPage(ws, filter, cursor)),
  /** The first of those that have `text` in their title or body. */
  search: (ws: string, text: string, signal: AbortSignal) =>
    call<List<Task>>("GET", `${at(ws)}/tasks${query(null, { q: text, limit: "10" })}`, { signal }),
  get: (ws: string, id: string) => call<Task>("GET", taskAt(ws, id)),
  create: (ws: string, body: NewTask, idempotencyKey: string) =>
    call<Task>("POST", `${at(ws)}/tasks`, { body, idempotencyKey }),
  change: (ws: string, id: string, body: TaskChange) => call<Task>("PATCH", taskAt(ws, id), { body }),
  remove: (ws: string, id: string) => call<void>("DELETE", taskAt(ws, id)),
  markRead: (ws: string, id: string) => call<Task>("PUT", `${taskAt(ws, id)}/read`),
  activities: (ws: string, id: string, cursor: Cursor) =>
    call<List<Activity>>("GET", `${taskAt(ws, id)}/activities${query(cursor)}`),
};

export interface NewMessage {
  text: string;
  attachments: AttachmentRef[];
}

export const messages = {
  list: (ws: string, task: string, cursor: Cursor) =>
    call<List<Message>>("GET", messagesPage(ws, task, cursor)),
  send: (ws: string, task: string, body: NewMessage, idempotencyKey: string) =>
    call<Message>("POST", `${taskAt(ws, task)}/messages`, { body, idempotencyKey }),
};

export type NewFile = Pick<Attachment, "filename" | "mime_type" | "size">;

export const attachments = {
  href: (ws: string, id: string): string => `${at(ws)}/attachments/${enc(id)}`,
  announce: (ws: string, body: NewFile, signal: AbortSignal) =>
    call<AnnouncedFile>("POST", `${at(ws)}/attachments`, { body, signal }),
};

export const permissions = {
  list: (ws: string, task: string, cursor: Cursor) =>
    call<List<Permission>>("GET", `${at(ws)}/permissions${query(cursor, { task_id: task })}`),
  decide: (ws: string, id: string, behavior: Behavior, reason: string) =>
    call<Permission>("PUT", `${at(ws)}/permissions/${enc(id)}/decision`, {
      body: reason ? { behavior, reason } : { behavior },
    }),
};

export interface NewRule {
  tool_name: string;
  pattern: string;
}

export const permissionRules = {
  list: (ws: string, cursor: Cursor) =>
    call<List<PermissionRule>>("GET", `${at(ws)}/permission_rules${query(cursor)}`),
  add: (ws: string, body: NewRule) => call<PermissionRule>("POST", `${at(ws)}/permission_rules`, { body }),
  preview: (ws: string, body: NewRule & { input?: string }) =>
    call<RulePreview>("POST", `${at(ws)}/permission_rules/preview`, { body }),
  remove: (ws: string, id: string) => call<void>("DELETE", `${at(ws)}/permission_rules/${enc(id)}`),
};

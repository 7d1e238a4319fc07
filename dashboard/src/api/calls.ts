/** Every call that the dashboard makes, by the name of what it does. */
import { call } from "./http.ts";
import type {
  Assignee,
  Attachment,
  Behavior,
  Inbox,
  IssuedToken,
  List,
  Message,
  Permission,
  PermissionRule,
  Person,
  Status,
  Task,
  Token,
  Workspace,
} from "./types.ts";

const enc = encodeURIComponent;
const at = (workspaceId: string): string => `/api/workspaces/${enc(workspaceId)}`;

export type AttachmentRef = Pick<Attachment, "id">;

export const auth = {
  config: () => call<{ providers: string[] }>("GET", "/auth/config"),
  session: () => call<{ person: Person }>("GET", "/auth/session"),
  signInLocally: () => call<unknown>("POST", "/auth/local/session"),
  signOut: () => call<void>("DELETE", "/auth/session"),
};

export const inbox = { get: () => call<Inbox>("GET", "/api/inbox?limit=200") };

export const workspaces = {
  list: () => call<List<Workspace>>("GET", "/api/workspaces?limit=200"),
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
  list: (ws: string) => call<List<Token>>("GET", `${at(ws)}/tokens?limit=200`),
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
  attachments: AttachmentRef[];
}

export interface TaskChange {
  title?: string;
  body?: string;
  status?: Status;
  assignee?: Assignee;
  version: number;
}

export const tasks = {
  list: (ws: string, statuses: Status[], cursor: string | null) => {
    const query = new URLSearchParams({ limit: "100", status: statuses.join(",") });
    if (cursor) query.set("cursor", cursor);
    return call<List<Task>>("GET", `${at(ws)}/tasks?${query}`);
  },
  get: (ws: string, id: string) => call<Task>("GET", `${at(ws)}/tasks/${enc(id)}`),
  create: (ws: string, body: NewTask, idempotencyKey: string) =>
    call<Task>("POST", `${at(ws)}/tasks`, { body, idempotencyKey }),
  change: (ws: string, id: string, body: TaskChange) =>
    call<Task>("PATCH", `${at(ws)}/tasks/${enc(id)}`, { body }),
  markRead: (ws: string, id: string) => call<Task>("PUT", `${at(ws)}/tasks/${enc(id)}/read`),
};

export const messages = {
  list: (ws: string, task: string, cursor: string | null) => {
    const query = new URLSearchParams({ limit: "200" });
    if (cursor) query.set("cursor", cursor);
    return call<List<Message>>("GET", `${at(ws)}/tasks/${enc(task)}/messages?${query}`);
  },
  send: (
    ws: string,
    task: string,
    body: { text: string; attachments: AttachmentRef[] },
    idempotencyKey: string,
  ) =>
    call<Message>("POST", `${at(ws)}/tasks/${enc(task)}/messages`, { body, idempotencyKey }),
};

export const attachments = {
  upload: (ws: string, body: { filename: string; mime_type: string; data: string }) =>
    call<Attachment>("POST", `${at(ws)}/attachments`, { body }),
  href: (ws: string, id: string): string => `${at(ws)}/attachments/${enc(id)}`,
};

export const permissions = {
  list: (ws: string, task: string | null) => {
    const query = new URLSearchParams({ limit: "200" });
    if (task) query.set("task_id", task);
    return call<List<Permission>>("GET", `${at(ws)}/permissions?${query}`);
  },
  decide: (ws: string, id: string, behavior: Behavior, reason: string) =>
    call<Permission>("PUT", `${at(ws)}/permissions/${enc(id)}/decision`, {
      body: reason ? { behavior, reason } : { behavior },
    }),
};

export const permissionRules = {
  list: (ws: string) => call<List<PermissionRule>>("GET", `${at(ws)}/permission_rules?limit=200`),
  add: (ws: string, body: { tool_name: string; pattern: string }) =>
    call<PermissionRule>("POST", `${at(ws)}/permission_rules`, { body }),
  remove: (ws: string, id: string) =>
    call<void>("DELETE", `${at(ws)}/permission_rules/${enc(id)}`),
};

/** The API as the dashboard sees it, in memory, for looking at the dashboard without a server. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type {
  Actor,
  Assignee,
  Behavior,
  InboxItem,
  LogEvent,
  Message,
  Permission,
  PermissionRule,
  Person,
  Status,
  Task,
  Token,
  Workspace,
} from "../../src/api/types.ts";

export const PERSON: Person = { id: "p1", email: "ada@example.org", name: "Ada", picture: null };
export const ADA: Actor = { kind: "person", id: "p1", name: "Ada" };
export const AGENT: Actor = { kind: "agent", id: "a1", name: "laptop" };

interface Room {
  workspace: Workspace;
  tasks: Map<string, Task>;
  messages: Message[];
  tokens: Map<string, Token>;
  permissions: Map<string, Permission>;
  rules: Map<string, PermissionRule>;
  events: LogEvent[];
  streams: Set<ServerResponse>;
}

type Body = Record<string, unknown>;
type Answer = [number, unknown];
type Entities = Omit<Partial<LogEvent>, "seq" | "type">;

const now = (): string => new Date().toISOString();
const page = <T>(items: T[], seq: number | null): unknown => ({ items, next_cursor: null, seq });
const problem = (status: number, code: string, detail: string, more: Body = {}): Answer => [
  status,
  { type: "about:blank", title: code, status, code, detail, ...more },
];

export class MockApi {
  signedIn = false;
  readonly rooms = new Map<string, Room>();
  #ids = 0;

  id(): string {
    this.#ids += 1;
    return `0ZPO${String(this.#ids).padStart(7, "0")}`;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://mock");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString() || "{}") as Body;
    const events = /^\/api\/workspaces\/(\w+)\/events$/.exec(url.pathname);
    const room = this.rooms.get(events?.[1] ?? "");
    if (room) return this.#stream(room, Number(url.searchParams.get("after")), response);
    const [status, answer] = this.#answer(request.method ?? "GET", url, body);
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(status === 204 ? "" : JSON.stringify(answer));
  }

  #answer(method: string, url: URL, body: Body): Answer {
    const [area, ...path] = url.pathname.split("/").filter(Boolean);
    if (area === "auth") return this.#auth(method, path.join("/"));
    if (area === "mock") return [200, this.agentSays(path[0] ?? "", path[1] ?? "", String(body["text"]))];
    if (!this.signedIn) return problem(401, "unauthenticated", "Sign in first.");
    if (path[0] === "inbox") return [200, this.#inbox()];
    if (path.length === 1 && method === "GET") return [200, page([...this.rooms.values()].map((room) => room.workspace), null)];
    if (path.length === 1) return [201, this.newWorkspace(String(body["name"]), String(body["mission"] ?? ""))];
    const room = this.rooms.get(path[1] ?? "");
    if (!room) return problem(404, "not_found", "There is no such workspace.");
    return this.#inRoom(room, method, path.slice(2), url, body);
  }

  #auth(method: string, path: string): Answer {
    if (path === "config") return [200, { providers: ["local"] }];
    if (path === "local/session") this.signedIn = true;
    if (method === "DELETE") {
      this.signedIn = false;
      return [204, null];
    }
    return this.signedIn ? [200, { person: PERSON }] : problem(401, "unauthenticated", "Sign in first.");
  }

  #inRoom(room: Room, method: string, [kind, id, verb]: string[], url: URL, body: Body): Answer {
    const { seq } = room.workspace;
    if (kind === undefined) return this.#workspace(room, method, body);
    if (kind === "archive") return [200, this.#archive(room, method === "PUT")];
    if (kind === "attachments") return [201, { id: this.id(), size: 1234, ...body, data: undefined }];
    if (kind === "tokens" && method === "GET") return [200, page([...room.tokens.values()], seq)];
    if (kind === "tokens" && method === "POST") return [201, this.newToken(room, String(body["name"] ?? "rotated"))];
    if (kind === "tokens") return this.#revoke(room, id ?? "");
    if (kind === "permission_rules" && method === "GET") return [200, page([...room.rules.values()], seq)];
    if (kind === "permission_rules") return this.#rule(room, method, id ?? "", body);
    if (kind === "permissions" && method === "GET") return [200, page([...room.permissions.values()].filter((permission) => permission.task_id === url.searchParams.get("task_id")), seq)];
    if (kind === "permissions") return this.#decide(room, id ?? "", body);
    if (kind !== "tasks") return problem(404, "not_found", "There is no such thing.");
    if (id === undefined && method === "POST") return [201, this.newTask(room, body, ADA)];
    if (id === undefined) {
      const statuses = url.searchParams.get("status")?.split(",") ?? [];
      return [200, page([...room.tasks.values()].filter((task) => statuses.includes(task.status)), seq)];
    }
    const task = room.tasks.get(id);
    if (!task) return problem(404, "not_found", "There is no such task.");
    if (verb === "messages" && method === "GET") return [200, page(room.messages.filter((message) => message.task_id === id), seq)];
    if (verb === "messages") return [201, this.say(room, task, String(body["text"]), ADA)];
    if (verb === "read") return [200, this.change(room, task, { unread: 0 }, ADA)];
    if (method === "PATCH") return this.#patchTask(room, task, body);
    return [200, task];
  }

  #workspace(room: Room, method: string, body: Body): Answer {
    if (method === "DELETE") {
      this.rooms.delete(room.workspace.id);
      this.emit(room, "workspace.deleted", ADA, {});
      return [204, null];
    }
    if (method === "PATCH") {
      Object.assign(room.workspace, body, { version: room.workspace.version + 1 });
      this.emit(room, "workspace.updated", ADA, { workspace: room.workspace });
    }
    return [200, room.workspace];
  }

  #archive(room: Room, archive: boolean): Workspace {
    room.workspace.archived_at = archive ? now() : null;
    room.workspace.version += 1;
    this.emit(room, archive ? "workspace.archived" : "workspace.restored", ADA, { workspace: room.workspace });
    return room.workspace;
  }

  newWorkspace(name: string, mission: string): Workspace {
    const counts = { notstarted: 0, ongoing: 0, blocked: 0, completed: 0, rejected: 0, waiting: 0 };
    const at = now();
    const workspace: Workspace = { id: this.id(), name, mission, archived_at: null, seq: 0, version: 1, created_at: at, updated_at: at, counts };
    const room: Room = { workspace, tasks: new Map(), messages: [], tokens: new Map(), permissions: new Map(), rules: new Map(), events: [], streams: new Set() };
    this.rooms.set(workspace.id, room);
    this.emit(room, "workspace.created", ADA, { workspace });
    return workspace;
  }

  newToken(room: Room, name: string): unknown {
    const expires_at = new Date(Date.now() + 30 * 86_400_000).toISOString();
    const token: Token = { id: this.id(), workspace_id: room.workspace.id, name, last_four: "x7Qd", status: "active", created_at: now(), created_by: ADA, expires_at, last_used_at: null, ended_at: null, connected: false, client: null, version: 1 };
    room.tokens.set(token.id, token);
    this.emit(room, "token.created", ADA, { token });
    const secret = "hr_mockmockmockmockmockmockmockmockx7Qd";
    const address = `http://127.0.0.1:8000/mcp/${room.workspace.id}`;
    const server = { type: "http", url: address, headers: { Authorization: `Bearer ${secret}` } };
    const command = `claude mcp add --transport http handrail ${address} --header "Authorization: Bearer ${secret}"`;
    return { token: { ...token, secret }, mcp_json: { mcpServers: { handrail: server } }, command };
  }

  #revoke(room: Room, id: string): Answer {
    const token = room.tokens.get(id);
    if (!token) return problem(404, "not_found", "There is no such token.");
    Object.assign(token, { status: "revoked", ended_at: now(), connected: false, version: token.version + 1 });
    this.emit(room, "token.revoked", ADA, { token });
    return [204, null];
  }

  #rule(room: Room, method: string, id: string, body: Body): Answer {
    if (method === "DELETE") {
      room.rules.delete(id);
      return [204, null];
    }
    const rule: PermissionRule = { id: this.id(), workspace_id: room.workspace.id, tool_name: String(body["tool_name"]), pattern: String(body["pattern"]), created_by: ADA, created_at: now() };
    room.rules.set(rule.id, rule);
    this.emit(room, "permission_rule.created", ADA, { permission_rule: rule });
    return [201, rule];
  }

  #decide(room: Room, id: string, body: Body): Answer {
    const permission = room.permissions.get(id);
    if (!permission) return problem(404, "not_found", "There is no such request.");
    if (permission.status !== "pending") return problem(409, "already_decided", "Someone has decided this already.", { current: permission });
    const behavior = body["behavior"] as Behavior;
    const reason = (body["reason"] as string | undefined) ?? null;
    const status = behavior === "deny" ? "denied" : "allowed";
    Object.assign(permission, { behavior, reason, status, decided_by: ADA, decided_at: now(), version: 2 });
    const task = room.tasks.get(permission.task_id ?? "");
    if (task) Object.assign(task, { waiting: null, version: task.version + 1 });
    this.emit(room, "permission.decided", ADA, task ? { permission, task } : { permission });
    return [200, permission];
  }

  #patchTask(room: Room, task: Task, body: Body): Answer {
    if (body["version"] !== task.version) {
      return problem(409, "version_conflict", "Someone changed this task meanwhile: look again, then repeat.", { current: task });
    }
    const { version: _version, ...changes } = body;
    return [200, this.change(room, task, { ...changes, waiting: null }, ADA)];
  }

  newTask(room: Room, body: Body, by: Actor): Task {
    const at = now();
    const assignee = (body["assignee"] as Assignee | undefined) ?? "agent";
    const waiting = assignee === "human" ? ({ since: at, kind: by.kind === "agent" ? "question" : "task" } as const) : null;
    const task: Task = { id: this.id(), workspace_id: room.workspace.id, title: String(body["title"]), body: String(body["body"] ?? ""), status: (body["status"] as Status | undefined) ?? "notstarted", assignee, created_by: by, agent: by.kind === "agent" ? { id: by.id, name: by.name } : null, parent_id: null, position: 1, version: 1, created_at: at, updated_at: at, last_message: null, pending_permissions: 0, unread: 0, waiting, attachments: [], messages: 0 };
    room.tasks.set(task.id, task);
    this.emit(room, "task.created", by, { task });
    return task;
  }

  ask(room: Room, task: Task, request: Pick<Permission, "tool_name" | "description" | "input" | "rule">): void {
    const permission: Permission = { id: this.id(), workspace_id: room.workspace.id, task_id: task.id, agent: { id: AGENT.id, name: AGENT.name }, status: "pending", behavior: null, reason: null, decided_by: null, decided_at: null, created_at: now(), version: 1, ...request };
    room.permissions.set(permission.id, permission);
    Object.assign(task, { waiting: { since: permission.created_at, kind: "permission" }, version: task.version + 1 });
    this.emit(room, "permission.requested", AGENT, { permission, task });
  }

  say(room: Room, task: Task, text: string, sender: Actor): Message {
    const message: Message = { id: this.id(), workspace_id: room.workspace.id, task_id: task.id, sender, text, attachments: [], created_at: now() };
    room.messages.push(message);
    const last_message = { id: message.id, sender, text: text.slice(0, 280), created_at: message.created_at };
    const waiting = sender.kind === "agent" && task.assignee === "human" ? { since: message.created_at, kind: "question" } : null;
    const unread = sender.kind === "agent" ? task.unread + 1 : 0;
    Object.assign(task, { last_message, waiting, unread, messages: task.messages + 1, version: task.version + 1, updated_at: now() });
    this.emit(room, "reply.received", sender, { message, task });
    return message;
  }

  change(room: Room, task: Task, changes: Partial<Task>, by: Actor): Task {
    Object.assign(task, changes, { version: task.version + 1, updated_at: now() });
    this.emit(room, "task.updated", by, { task });
    return task;
  }

  /** `POST /mock/{workspace}/{task}`: the agent writes to the task. */
  agentSays(workspaceId: string, taskId: string, text: string): Message | null {
    const room = this.rooms.get(workspaceId);
    const task = room?.tasks.get(taskId);
    return room && task ? this.say(room, task, text, AGENT) : null;
  }

  emit(room: Room, type: string, actor: Actor, entities: Entities): void {
    const { workspace } = room;
    workspace.seq += 1;
    for (const status of ["notstarted", "ongoing", "blocked", "completed", "rejected"] as const) {
      workspace.counts[status] = [...room.tasks.values()].filter((task) => task.status === status).length;
    }
    workspace.counts.waiting = this.#inbox().items.filter((item) => item.workspace.id === workspace.id).length;
    const event = structuredClone({ seq: workspace.seq, type, workspace_id: workspace.id, at: now(), actor, counts: workspace.counts, ...entities });
    room.events.push(event);
    for (const stream of room.streams) stream.write(frame(event));
  }

  #inbox(): { items: InboxItem[]; next_cursor: null; seqs: Record<string, number> } {
    const items: InboxItem[] = [];
    const seqs: Record<string, number> = {};
    for (const { workspace, tasks, permissions } of this.rooms.values()) {
      const { id, name } = workspace;
      seqs[id] = workspace.seq;
      for (const task of tasks.values()) {
        if (!task.waiting || task.waiting.kind === "permission") continue;
        items.push({ kind: task.waiting.kind, workspace: { id, name }, since: task.waiting.since, task, permission: null });
      }
      for (const permission of permissions.values()) {
        if (permission.status !== "pending") continue;
        const task = tasks.get(permission.task_id ?? "") ?? null;
        items.push({ kind: "permission", workspace: { id, name }, since: permission.created_at, task, permission });
      }
    }
    items.sort((a, b) => a.since.localeCompare(b.since));
    return { items, next_cursor: null, seqs };
  }

  #stream(room: Room, after: number, response: ServerResponse): void {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(": open\n\n");
    for (const event of room.events) if (event.seq > after) response.write(frame(event));
    room.streams.add(response);
    response.on("close", () => room.streams.delete(response));
  }
}

function frame(event: LogEvent): string {
  return `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

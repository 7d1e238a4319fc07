/** The entities of the HTTP API and its event log, named as the server names them. */

export type Status = "notstarted" | "ongoing" | "blocked" | "completed" | "rejected";
export type Assignee = "human" | "agent";
export type Behavior = "allow" | "deny" | "allow_always";

export interface Actor {
  kind: "person" | "agent" | "system";
  id: string;
  name: string;
}

export interface Person {
  id: string;
  email: string;
  name: string;
  picture: string | null;
}

/** Tasks by status, how much waits for a person, and how many agents are connected. */
export type Counts = Record<Status | "waiting" | "agents", number>;

export interface Workspace {
  id: string;
  name: string;
  mission: string;
  archived_at: string | null;
  seq: number;
  version: number;
  created_at: string;
  updated_at: string;
  counts: Counts;
}

export type Role = "owner" | "member";

/** Somebody has a new one of these each time they join. */
export interface Member {
  id: string;
  workspace_id: string;
  person_id: string;
  email: string;
  name: string;
  role: Role;
  joined_at: string;
  /** Null: they made the workspace. */
  invited_by: Actor | null;
  version: number;
}

export interface Invitation {
  id: string;
  workspace_id: string;
  email: string;
  role: Role;
  created_at: string;
  invited_by: Actor;
  expires_at: string;
  version: number;
}

/** The one answer that carries a link; an answer to a repeated request carries none. */
export interface IssuedInvitation {
  invitation: Invitation;
  link: string | null;
}

/** What somebody is invited to. */
export interface InvitationPreview {
  workspace: { id: string; name: string };
  role: Role;
  invited_by: Actor;
  expires_at: string;
}

export interface Token {
  id: string;
  workspace_id: string;
  name: string;
  last_four: string;
  status: "active" | "expired" | "revoked" | "rotated";
  created_at: string;
  created_by: Actor;
  expires_at: string;
  last_used_at: string | null;
  ended_at: string | null;
  connected: boolean;
  client: { name: string; version: string } | null;
  version: number;
}

/** The one answer that carries a secret; an answer to a repeated request carries none. */
export interface IssuedToken {
  token: Token & { secret: string | null };
  mcp_json: Record<string, unknown>;
  command: string;
}

export interface Attachment {
  id: string;
  filename: string;
  mime_type: string;
  size: number;
}

/** Where the bytes of a file are to be sent. */
export interface UploadAddress {
  url: string;
  method: "PUT";
  headers: Record<string, string>;
  expires_at: string;
}

export interface AnnouncedFile extends Attachment {
  upload: UploadAddress;
}

export interface Task {
  id: string;
  workspace_id: string;
  title: string;
  body: string;
  status: Status;
  assignee: Assignee;
  created_by: Actor;
  agent: { id: string; name: string } | null;
  parent_id: string | null;
  position: number;
  version: number;
  created_at: string;
  updated_at: string;
  /** Its beginning, and how many files came with it. */
  last_message: { id: string; sender: Actor; text: string; files: number; created_at: string } | null;
  pending_permissions: number;
  unread: number;
  waiting: { since: string; kind: "task" | "question" | "permission" } | null;
  attachments: Attachment[];
  messages: number;
  /** The newest message by a person that an agent has seen. */
  seen: { message_id: string; agent: { id: string; name: string }; at: string } | null;
}

/** One line of a task's history. */
export interface Activity {
  id: string;
  workspace_id: string;
  task_id: string;
  version: number;
  at: string;
  actor: Actor;
  kind: "status" | "assignee" | "title" | "body" | "claim" | "release";
  before: string | null;
  after: string | null;
}

export interface Message {
  id: string;
  workspace_id: string;
  task_id: string;
  sender: Actor;
  text: string;
  attachments: Attachment[];
  created_at: string;
}

export interface Permission {
  id: string;
  workspace_id: string;
  task_id: string | null;
  agent: { id: string; name: string };
  tool_name: string;
  description: string;
  input: string;
  rule: string | null;
  status: "pending" | "allowed" | "denied";
  behavior: Behavior | null;
  reason: string | null;
  decided_by: Actor | null;
  decided_at: string | null;
  created_at: string;
  version: number;
}

export interface PermissionRule {
  id: string;
  workspace_id: string;
  tool_name: string;
  pattern: string;
  created_by: Actor;
  created_at: string;
}

/** What a rule would do, before there is one. */
export interface RulePreview {
  pattern: string;
  allowed: boolean | null;
  matched: Permission[];
  checked: number;
}

/** A browser that is told of what waits while no page is open. */
export interface Device {
  id: string;
  name: string;
  created_at: string;
  current: boolean;
}

export interface Push {
  /** Null: this server sends no notifications. */
  public_key: string | null;
  devices: Device[];
}

export interface InboxItem {
  kind: "task" | "question" | "permission";
  workspace: { id: string; name: string };
  since: string;
  task: Task | null;
  permission: Permission | null;
}

export interface List<T> {
  items: T[];
  next_cursor: string | null;
  seq: number | null;
}

export interface Inbox {
  items: InboxItem[];
  next_cursor: string | null;
  seqs: Record<string, number>;
}

/** One entry of a workspace's event log. A `*.deleted` event carries no more than the entity's id. */
export interface LogEvent {
  seq: number;
  type: string;
  workspace_id: string;
  at: string;
  actor: Actor;
  counts?: Counts;
  workspace?: Workspace;
  task?: Task;
  message?: Message;
  token?: Token;
  /** The token that a rotation ended. */
  replaced?: Token;
  permission?: Permission;
  permission_rule?: PermissionRule;
  member?: Member;
  invitation?: Invitation;
  activities?: Activity[];
}

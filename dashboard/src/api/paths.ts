/** The paths of what views begin with: also asked for ahead, before the code of the view is there (`main.ts`). */
import type { Assignee, Status } from "./types.ts";

const PAGE = 200;
export const enc = encodeURIComponent;
export const at = (workspaceId: string): string => `/api/workspaces/${enc(workspaceId)}`;
export const taskAt = (ws: string, id: string): string => `${at(ws)}/tasks/${enc(id)}`;

export type Cursor = string | null;

export function query(cursor: Cursor, filters: Record<string, string | null | undefined> = {}): string {
  const parameters = new URLSearchParams({ limit: String(PAGE) });
  for (const [name, value] of Object.entries({ ...filters, cursor })) {
    if (value) parameters.set(name, value);
  }
  return `?${parameters}`;
}

export interface TaskFilter {
  statuses?: Status[];
  assignee?: Assignee | null;
  text?: string;
  parentId?: string;
  /** From the end of the board's order: of closed tasks, those that were closed last. */
  lastFirst?: boolean;
}

export const authSession = "/auth/session";
export const inboxPage = (cursor: Cursor): string => `/api/inbox${query(cursor)}`;
export const workspacesPage = (cursor: Cursor): string => `/api/workspaces${query(cursor)}`;
export const messagesPage = (ws: string, task: string, cursor: Cursor): string =>
  `${taskAt(ws, task)}/messages${query(cursor)}`;

export function tasksPage(ws: string, filter: TaskFilter, cursor: Cursor): string {
  const { statuses, assignee, text, parentId, lastFirst } = filter;
  const order = lastFirst ? "last_first" : null;
  const filters = { status: statuses?.join(","), assignee, q: text, parent_id: parentId, order };
  return `${at(ws)}/tasks${query(cursor, filters)}`;
}

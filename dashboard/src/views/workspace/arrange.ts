/** Which tasks a workspace's filter names, and the order in which a list and a board's columns show them. */
import type { Status, Task } from "../../api/types.ts";
import type { WorkspaceFilter } from "../../addresses.ts";
import { matches } from "../../store/task-list.svelte.ts";
import { OPEN, STATUSES } from "../../text/words.ts";

export type Columns = Map<Status, Task[]>;

/** Where nothing was chosen a list shows what is open; a board shows everything, and so does who looks for a word. */
export function statusesOf({ view, statuses, q }: WorkspaceFilter): Status[] {
  return statuses ?? (view === "board" || q.trim() !== "" ? STATUSES : OPEN);
}

export function isFiltered({ statuses, assignee, waiting, q }: WorkspaceFilter): boolean {
  return statuses !== null || assignee !== null || waiting || q !== "";
}

export function named(tasks: Task[], filter: WorkspaceFilter): Task[] {
  const { assignee, waiting, q } = filter;
  const wanted = { statuses: statusesOf(filter), assignee, text: q.trim() };
  return tasks.filter((task) => matches(task, wanted) && (!waiting || task.waiting !== null));
}

/** What waits for a person first, the longest wait first; then the newest. */
export function inListOrder(tasks: Task[]): Task[] {
  return tasks.sort((a, b) => {
    if (a.waiting && b.waiting) return compare(a.waiting.since, b.waiting.since) || compare(a.id, b.id);
    if (a.waiting || b.waiting) return a.waiting ? -1 : 1;
    return compare(b.created_at, a.created_at) || compare(b.id, a.id);
  });
}

/** Open columns as people put them; of closed ones, what was closed last first. */
export function inColumns(tasks: Task[], statuses: Status[]): Columns {
  const columns: Columns = new Map(statuses.map((status) => [status, []]));
  for (const task of tasks) columns.get(task.status)?.push(task);
  for (const [status, column] of columns) {
    const direction = isClosed(status) ? -1 : 1;
    column.sort((a, b) => direction * (a.position - b.position || compare(a.id, b.id)));
  }
  return columns;
}

export function isClosed(status: Status): boolean {
  return !OPEN.includes(status);
}

/** As the server compares ids and times, by code unit; `localeCompare` is neither that nor fast. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * What a person does with tasks: shown at once, taken back with an explanation when the server refuses, and
 * with an undo where the server allows the way back. Changes of one task are sent one after the other.
 */
import * as api from "../api/calls.ts";
import type { TaskChange } from "../api/calls.ts";
import { explain, onLeaving, Problem } from "../api/http.ts";
import type { Assignee, Status, Task } from "../api/types.ts";
import { toasts } from "../shell/toasts.svelte.ts";
import { live } from "../store/live.svelte.ts";
import type { WorkspaceLog } from "../store/workspace-log.ts";
import { count, LEGAL_MOVES, OPEN, STATUS_WORDS } from "../text/words.ts";

export type Fields = Pick<TaskChange, "status" | "assignee" | "position">;

export interface Change {
  task: Task;
  fields: Fields;
}

/** Closed tasks stand in the order in which they were closed, this one last. */
const LAST = 1e12;

const sending = new Map<string, Promise<unknown>>();

/** Of what waits for its turn. When the page is left all of it goes at once: nobody waits for an answer then. */
const waiting = new Set<() => void>();
onLeaving(() => waiting.forEach((go) => go()));

export function setStatus(task: Task, status: Status): Promise<boolean> {
  return move(task, { status });
}

export function assign(task: Task, assignee: Assignee): Promise<boolean> {
  return move(task, { assignee });
}

/** Puts a task to another status, another place, or both. */
export async function move(task: Task, fields: Fields): Promise<boolean> {
  const done = await changeAll([{ task, fields }], (done) => said(done, fields));
  return done.length === 1;
}

export async function moveAll(tasks: Task[], fields: Fields): Promise<void> {
  await changeAll(tasks.map((task) => ({ task, fields })), (done) => said(done, fields));
}

/**
 * Sends all `changes`, showing them at once, and says what was done with one way back for all; without words
 * for it, nothing. Gives those that went well; about the others the person was told.
 */
export async function changeAll(changes: Change[], words: ((done: Change[]) => string) | null): Promise<Change[]> {
  const { done, failed } = await each(changes, ({ task, fields }) => change(task, fields));
  complain(failed, "stays as it was", "stay as they were");
  if (!words || done.length === 0) return done;
  const back = done.map(wayBack);
  const undo = back.every((one) => one !== null) ? () => takeBack(back) : null;
  toasts.say(words(done), undo, done[0]?.task.workspace_id);
  return done;
}

async function takeBack(back: Change[]): Promise<void> {
  const { failed } = await each(back, ({ task, fields }) => change(task, fields));
  complain(failed, "could not be put back", "could not be put back");
}

/** Deletes it, with its thread. There is no way back: ask first. */
export async function remove(task: Task): Promise<boolean> {
  return (await removeAll([task])).length === 1;
}

/** Gives those that are gone. */
export async function removeAll(tasks: Task[]): Promise<Task[]> {
  const { done, failed } = await each(tasks.map((task) => ({ task })), async ({ task }) => {
    const { log } = live.store(task.workspace_id);
    const settled = log.tasks.expect(task.id, () => null);
    try {
      await inTurn(task.id, () => api.tasks.remove(task.workspace_id, task.id));
      log.tasks.delete(task.id);
    } finally {
      settled();
    }
  });
  complain(failed, "was not deleted", "were not deleted");
  const [only, ...others] = done.map(({ task }) => task);
  if (only) toasts.say(others.length === 0 ? `“${only.title}” deleted` : `${done.length} tasks deleted`);
  return done.map(({ task }) => task);
}

async function change(task: Task, fields: Fields): Promise<void> {
  const { log } = live.store(task.workspace_id);
  const closes = fields.status !== undefined && !OPEN.includes(fields.status);
  const shown = closes ? { position: LAST, ...fields } : fields;
  const settled = log.tasks.expect(task.id, (known) => ({ ...known, ...shown }));
  try {
    log.tasks.put(await inTurn(task.id, () => api.tasks.change(task.workspace_id, task.id, fields)), log.cursor);
  } catch (error) {
    // What this was based on is not so any more: look before what is shown goes back to that.
    if (!takeCurrent(log, error) && error instanceof Problem) await live.store(task.workspace_id).task(task.id).refresh();
    throw error;
  } finally {
    settled();
  }
}

/** Changes what a task says, unless somebody else changed it since `task` was read. Throws what the server refuses. */
export async function edit(task: Task, text: { title: string; body: string }): Promise<void> {
  const { log } = live.store(task.workspace_id);
  const attempt = async (version: number): Promise<void> => {
    const changed = await inTurn(task.id, () => api.tasks.change(task.workspace_id, task.id, { ...text, version }));
    log.tasks.put(changed, log.cursor);
  };
  try {
    await attempt(task.version);
  } catch (error) {
    const current = takeCurrent(log, error);
    // Something else about the task moved on, a reply say: nobody wrote what this would overwrite.
    if (!current || current.title !== task.title || current.body !== task.body) throw error;
    await attempt(current.version);
  }
}

interface Failed {
  task: Task;
  error: unknown;
}

async function each<T extends { task: Task }>(
  all: T[],
  work: (one: T) => Promise<void>,
): Promise<{ done: T[]; failed: Failed[] }> {
  const done: T[] = [];
  const failed: Failed[] = [];
  await Promise.all(
    all.map((one) => work(one).then(() => done.push(one), (error: unknown) => failed.push({ task: one.task, error }))),
  );
  return { done, failed };
}

/** One explanation for all: what fails together mostly fails for the same reason. */
function complain(failed: Failed[], one: string, many: string): void {
  const [first] = failed;
  if (!first) return;
  const which = failed.length === 1 ? `“${first.task.title}” ${one}.` : `${failed.length} tasks ${many}.`;
  toasts.complain(`${which} ${explain(first.error)}`);
}

function inTurn<T>(id: string, send: () => Promise<T>): Promise<T> {
  const before = sending.get(id);
  const turn = before ? overOrLeft(before).then(send) : send();
  const over = turn.catch(() => {}).finally(() => {
    if (sending.get(id) === over) sending.delete(id);
  });
  sending.set(id, over);
  return turn;
}

async function overOrLeft(before: Promise<unknown>): Promise<void> {
  let go = () => {};
  const left = new Promise<void>((resolve) => (go = resolve));
  waiting.add(go);
  await Promise.race([before, left]);
  waiting.delete(go);
}

/** A conflict brings the task as it is now. */
function takeCurrent(log: WorkspaceLog, error: unknown): Task | undefined {
  const current = error instanceof Problem ? (error.body["current"] as Task | undefined) : undefined;
  if (current) log.tasks.put(current, log.cursor);
  return current;
}

function wayBack({ task, fields }: Change): Change | null {
  const back: Fields = {};
  if (fields.status && fields.status !== task.status) {
    // What was ended before it was begun cannot be as it was; it can be open again.
    const status = [task.status, "ongoing" as const].find((one) => LEGAL_MOVES[fields.status!].includes(one));
    if (!status) return null;
    // Closing put it to the end of its column.
    Object.assign(back, { status, position: task.position });
  }
  if (fields.assignee) back.assignee = task.assignee;
  if (fields.position !== undefined) back.position = task.position;
  return { task, fields: back };
}

/** What was done, of which task or of how many. */
export function said(done: { task: Task }[], { status, assignee }: Fields): string {
  const [only, ...others] = done.map(({ task }) => task);
  const which = only && others.length === 0 ? `“${only.title}”` : count(done.length, "task");
  if (status) return `${which} moved to ${STATUS_WORDS[status].toLowerCase()}`;
  if (assignee) return `${which} given to ${assignee === "human" ? "a person" : "an agent"}`;
  return `${which} moved`;
}

/**
 * What a person does with a task: shown at once, taken back with an explanation when the server refuses, and
 * with an undo where the server allows the way back. Changes of one task are sent one after the other.
 */
import * as api from "../api/calls.ts";
import type { TaskChange } from "../api/calls.ts";
import { explain, Problem } from "../api/http.ts";
import type { Assignee, Status, Task } from "../api/types.ts";
import { toasts } from "../shell/toasts.svelte.ts";
import { live } from "../store/live.svelte.ts";
import type { WorkspaceLog } from "../store/workspace-log.ts";
import { LEGAL_MOVES, STATUS_WORDS } from "../text/words.ts";

type Fields = Pick<TaskChange, "status" | "assignee" | "position">;

const sending = new Map<string, Promise<unknown>>();

export function setStatus(task: Task, status: Status): Promise<boolean> {
  return move(task, { status });
}

export function assign(task: Task, assignee: Assignee): Promise<boolean> {
  return move(task, { assignee });
}

/** Puts a task to another status, another place, or both. */
export async function move(task: Task, fields: Fields): Promise<boolean> {
  const done = await change(task, fields);
  if (done) toasts.say(said(fields), wayBack(task, fields));
  return done;
}

export async function moveAll(tasks: Task[], fields: Fields): Promise<void> {
  const moved: Task[] = [];
  await Promise.all(tasks.map(async (task) => (await change(task, fields)) && moved.push(task)));
  if (moved.length === 0) return;
  const back = moved.map((task) => wayBack(task, fields));
  const undo = back.every((one) => one !== null) ? () => Promise.all(back.map((one) => one?.())) : null;
  toasts.say(moved.length === 1 ? said(fields) : `${moved.length} tasks: ${said(fields)}`, undo);
}

/** Sends `fields`, showing them at once. False: refused, and the person was told. */
async function change(task: Task, fields: Fields): Promise<boolean> {
  const { log } = live.store(task.workspace_id);
  const settled = log.tasks.expect(task.id, (known) => ({ ...known, ...fields }));
  try {
    log.tasks.put(await inTurn(task.id, () => api.tasks.change(task.workspace_id, task.id, fields)), log.cursor);
    return true;
  } catch (error) {
    takeCurrent(log, error);
    toasts.complain(`“${task.title}” stays as it was. ${explain(error)}`);
    return false;
  } finally {
    settled();
  }
}

/** Deletes it, with its thread. There is no way back: ask first. */
export async function remove(task: Task): Promise<boolean> {
  const { log } = live.store(task.workspace_id);
  const settled = log.tasks.expect(task.id, () => null);
  try {
    await inTurn(task.id, () => api.tasks.remove(task.workspace_id, task.id));
    log.tasks.delete(task.id);
    toasts.say("Task deleted");
    return true;
  } catch (error) {
    toasts.complain(`“${task.title}” was not deleted. ${explain(error)}`);
    return false;
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

function inTurn<T>(id: string, send: () => Promise<T>): Promise<T> {
  const turn = (sending.get(id) ?? Promise.resolve()).then(send, send);
  const over = turn.catch(() => {}).finally(() => {
    if (sending.get(id) === over) sending.delete(id);
  });
  sending.set(id, over);
  return turn;
}

/** A conflict brings the task as it is now. */
function takeCurrent(log: WorkspaceLog, error: unknown): Task | undefined {
  const current = error instanceof Problem ? (error.body["current"] as Task | undefined) : undefined;
  if (current) log.tasks.put(current, log.cursor);
  return current;
}

function wayBack(before: Task, fields: Fields): (() => Promise<boolean>) | null {
  const back: Fields = {};
  if (fields.status && fields.status !== before.status) {
    // What was ended before it was begun cannot be as it was; it can be open again.
    const status = [before.status, "ongoing" as const].find((one) => LEGAL_MOVES[fields.status!].includes(one));
    if (!status) return null;
    back.status = status;
  }
  if (fields.assignee) back.assignee = before.assignee;
  if (fields.position !== undefined) back.position = before.position;
  return () => change(before, back);
}

function said({ status, assignee }: Fields): string {
  if (status) return `Moved to ${STATUS_WORDS[status].toLowerCase()}`;
  if (assignee) return `Given to ${assignee === "human" ? "a person" : "an agent"}`;
  return "Moved";
}

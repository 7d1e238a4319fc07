/**
 * Writing to a task, and being done with one that waits. A message shows at once; it becomes real with the server's
 * answer or with its event, whichever comes first, or stays as not sent, with the reason, until it is sent again,
 * edited or discarded. Sending again repeats the same request. Messages of one task go one after the other.
 */
import * as api from "../api/calls.ts";
import { explain, Problem } from "../api/http.ts";
import { randomKey } from "../api/idempotency.ts";
import type { Attachment, Task } from "../api/types.ts";
import { router } from "../router.svelte.ts";
import { toasts } from "../shell/toasts.svelte.ts";
import { live } from "../store/live.svelte.ts";
import { draftOf } from "../store/draft.svelte.ts";
import { outboxOf, type Outgoing } from "../store/outbox.svelte.ts";
import { setStatus } from "./tasks.ts";

export interface Words {
  text: string;
  attachments: Attachment[];
}

/** Where a message goes. */
export type Place = Pick<Task, "workspace_id" | "id" | "title" | "last_message">;

const turns = new Map<string, Promise<unknown>>();

export function send(task: Place, { text, attachments }: Words): Promise<boolean> {
  const one: Outgoing = {
    key: randomKey(),
    text,
    attachments,
    at: new Date().toISOString(),
    after: newest(task),
    state: "sending",
    problem: "",
    unsure: false,
  };
  outboxOf(task.workspace_id, task.id).add(one);
  return attempt(task, one);
}

export function retry(task: Place, one: Outgoing): Promise<boolean> {
  outboxOf(task.workspace_id, task.id).change(one.key, { state: "sending", problem: "" });
  return attempt(task, one);
}

export function discard(task: Place, one: Outgoing): void {
  outboxOf(task.workspace_id, task.id).remove(one.key);
}

/** Back to the composer with it. */
export function takeBack(task: Place, one: Outgoing): void {
  discard(task, one);
  draftOf(draftName(task)).prepend(one.text, one.attachments);
}

/** The draft of what is being written to a task. */
export function draftName({ workspace_id, id }: Pick<Task, "workspace_id" | "id">): string {
  return `${workspace_id}/${id}`;
}

/** Ends a task that waits for the person. */
export async function complete(task: Task): Promise<boolean> {
  const gone = live.inbox.expectGone(`task ${task.id}`);
  const stands = await setStatus(task, "completed");
  gone(stands);
  return stands;
}

async function attempt(task: Place, one: Outgoing): Promise<boolean> {
  const { workspace_id, id } = task;
  const { log } = live.store(workspace_id);
  const box = outboxOf(workspace_id, id);
  const gone = live.inbox.expectGone(`task ${id}`);
  const content = { text: one.text, attachments: one.attachments.map((file) => ({ id: file.id })) };
  try {
    const message = await inTurn(id, () => api.messages.send(workspace_id, id, content, one.key));
    // If the event was faster, the inbox is as it is now, and may hold what the agent asked next.
    const isTold = (log.tasks.confirmed(id)?.last_message?.id ?? "") >= message.id;
    log.messages.put(message, log.cursor);
    box.sent(one.key, message.id);
    gone(!isTold);
    return true;
  } catch (error) {
    box.change(one.key, { state: "failed", problem: explain(error), unsure: isUnsure(error) });
    gone(false);
    if (!isOpen(task)) toasts.complain(`Your message to “${task.title}” was not sent. ${explain(error)}`);
    return false;
  }
}

/** Unless the server said no, it may have taken it. */
function isUnsure(error: unknown): boolean {
  return !(error instanceof Problem) || error.status === 0 || error.status >= 500;
}

function isOpen({ id }: Place): boolean {
  const { route } = router;
  return route.view === "task" && route.taskId === id;
}

function newest({ workspace_id, id, last_message }: Place): string {
  const ids = live.store(workspace_id).log.messages.values().filter((message) => message.task_id === id).map((message) => message.id);
  return ids.reduce((last, one) => (one > last ? one : last), last_message?.id ?? "");
}

function inTurn<T>(id: string, request: () => Promise<T>): Promise<T> {
  const turn = (turns.get(id) ?? Promise.resolve()).then(request, request);
  const over = turn.catch(() => {}).finally(() => {
    if (turns.get(id) === over) turns.delete(id);
  });
  turns.set(id, over);
  return turn;
}

/**
 * Writing to a task, and being done with one that waits. A message shows at once; it becomes real with the server's
 * answer or with its event, whichever comes first. When the server cannot be reached it waits, and goes by itself when
 * it can be; what is refused stays as not sent, with the reason, until it is sent again, edited or discarded. Sending
 * again repeats the same request. Messages of one task go one after the other, in the order of writing.
 */
import * as api from "../api/calls.ts";
import { explain, mayPass, Problem } from "../api/http.ts";
import { randomKey } from "../api/idempotency.ts";
import type { Attachment, Task } from "../api/types.ts";
import { router } from "../router.svelte.ts";
import { toasts } from "../shell/toasts.svelte.ts";
import { Backoff } from "../store/backoff.ts";
import { draftOf } from "../store/draft.svelte.ts";
import { live } from "../store/live.svelte.ts";
import { outboxOf, withUnsent, type Outbox, type Outgoing } from "../store/outbox.svelte.ts";
import { setStatus } from "./tasks.ts";

export interface Words {
  text: string;
  attachments: Attachment[];
}

/** Where a message goes. */
export type Place = Pick<Task, "workspace_id" | "id" | "title" | "last_message">;
type Addressed = Pick<Task, "workspace_id" | "id">;

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
  return attempt(task, one.key);
}

export function retry(task: Place, one: Outgoing): Promise<boolean> {
  outboxOf(task.workspace_id, task.id).change(one.key, { state: "sending", problem: "" });
  return attempt(task, one.key);
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
  if (stands && task.unread > 0) void markRead(task);
  return stands;
}

/** Being unable to say that it was read is nothing to trouble the reader with: it stays unread. */
export async function markRead({ workspace_id, id }: Addressed): Promise<void> {
  const { log } = live.store(workspace_id);
  await api.tasks.markRead(workspace_id, id).then((read) => log.tasks.put(read, log.cursor), () => {});
}

async function attempt(task: Place, key: string): Promise<boolean> {
  const outcome = await deliver(task, key);
  if (outcome !== "unreached") return outcome !== "refused";
  void sendWaiting({ now: false });
  if (!isOpen(task)) toasts.say(`Your message to “${task.title}” goes when the connection is back`);
  return false;
}

type Outcome = "settles" | "arrived" | "refused" | "unreached";

/** Sends what is to go, up to `key`; tells what became of that. */
async function deliver(task: Addressed, key: string): Promise<Outcome> {
  const gone = live.inbox.expectGone(`task ${task.id}`);
  const outcome = await inTurn(task.id, async () => {
    const box = outboxOf(task.workspace_id, task.id);
    let last: Outcome = "arrived";
    for (let one = box.next(key); one && last !== "unreached"; one = box.next(key)) last = await post(task, one, box);
    return last;
  });
  gone(outcome === "settles");
  return outcome;
}

async function post(task: Addressed, one: Outgoing, box: Outbox): Promise<Outcome> {
  const { workspace_id, id } = task;
  const { log } = live.store(workspace_id);
  const content = { text: one.text, attachments: one.attachments.map((file) => ({ id: file.id })) };
  try {
    const message = await api.messages.send(workspace_id, id, content, one.key);
    // If the event was faster, the inbox is as it is now, and may hold what the agent asked next.
    const isTold = (log.tasks.confirmed(id)?.last_message?.id ?? "") >= message.id;
    log.messages.put(message, log.cursor);
    box.sent(one.key, message.id);
    return isTold ? "arrived" : "settles";
  } catch (error) {
    // Whoever is signed out meanwhile sends it when they are back.
    if (mayPass(error) || (error instanceof Problem && error.status === 401)) {
      box.wait();
      return "unreached";
    }
    box.change(one.key, { state: "failed", problem: explain(error), unsure: false });
    if (!isOpen(task)) toasts.complain(`Your message to ${named(task)} was not sent. ${explain(error)}`);
    return "refused";
  }
}

const connection = new EventTarget();
let courier: Promise<void> | null = null;

/** Sends what waits: now, and again for as long as the server cannot be reached. The connection may be back: `now`. */
export function sendWaiting({ now } = { now: true }): Promise<void> {
  courier ??= untilSent().finally(() => (courier = null));
  if (now) connection.dispatchEvent(new Event("look"));
  return courier;
}

async function untilSent(): Promise<void> {
  const backoff = new Backoff(connection);
  const { signal } = new AbortController();
  do await backoff.pause(signal);
  while (!(await oneTabAtATime(sendAll)));
}

/** False: some could not be sent. */
async function sendAll(): Promise<boolean> {
  const sent = withUnsent().map(async (task) => {
    const last = outboxOf(task.workspace_id, task.id).lastWaiting(Date.now());
    return !last || (await deliver(task, last.key)) !== "unreached";
  });
  return (await Promise.all(sent)).every(Boolean);
}

function oneTabAtATime(work: () => Promise<boolean>): Promise<boolean> {
  return "locks" in navigator ? navigator.locks.request("handrail:outbox", work) : work();
}

function named({ workspace_id, id }: Addressed): string {
  const task = live.store(workspace_id).log.tasks.get(id);
  return task ? `“${task.title}”` : "a task";
}

function isOpen({ id }: Addressed): boolean {
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

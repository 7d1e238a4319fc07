/**
 * Messages that a person sent and the server has not answered yet, by task, in the order of sending. They are kept
 * over reloads. Each carries the key that makes sending it again the same request; and as its event may come before
 * the answer, or in its place, one that is in the thread already is not shown a second time.
 *
 *     sending ──► (in the thread)
 *        │ not reached                 ┌─► sending, by itself, when the connection is back
 *        ├────────────────► waiting ───┤
 *        │ refused                     └─► failed, when it became too old for that
 *        └────────────────► failed ─────► sending, when the person says so
 */
import type { Attachment, Message } from "../api/types.ts";
import { onWritten, OUTBOXES, unsaved } from "./draft.svelte.ts";
import { Shared } from "./shared.ts";

export interface Outgoing {
  key: string;
  text: string;
  attachments: Attachment[];
  at: string;
  /** The newest message that was in the thread when it was sent: it will come after that. */
  after: string;
  state: "sending" | "waiting" | "failed";
  problem: string;
  /** There was no answer: it may have arrived all the same. */
  unsure: boolean;
}

/** The server knows a request by its key for a day: one that is sent later by itself could be there twice. */
const WAITS_MS = 20 * 60 * 60_000;
const TOO_OLD = "It waited too long for the connection.";

export class Outbox {
  entries = $state.raw<Outgoing[]>([]);
  readonly #name: string;

  constructor(name: string) {
    this.#name = OUTBOXES + name;
    // Nobody waits for the answer to what was under way when the page was left.
    this.entries = this.#kept().map((one) => (one.state === "sending" ? { ...one, state: "waiting", unsure: true } : one));
  }

  read(): void {
    this.entries = this.#kept();
  }

  add(one: Outgoing): void {
    this.#set([...this.entries, one]);
  }

  change(key: string, changes: Partial<Outgoing>): void {
    this.#set(this.entries.map((one) => (one.key === key ? { ...one, ...changes } : one)));
  }

  remove(key: string): void {
    this.#set(this.entries.filter((one) => one.key !== key));
  }

  /** It is message `id` now; what was sent after it comes after that. */
  sent(key: string, id: string): void {
    const left = this.entries.filter((one) => one.key !== key);
    this.#set(left.map((one) => (one.after < id ? { ...one, after: id } : one)));
  }

  /** The first that is to go, if it is `key` or was written before it. */
  next(key: string): Outgoing | undefined {
    const last = this.entries.findIndex((one) => one.key === key);
    return this.entries.slice(0, last + 1).find(({ state }) => state !== "failed");
  }

  /** The last that goes by itself. */
  lastWaiting(now: number): Outgoing | undefined {
    const isOld = (one: Outgoing): boolean => one.state === "waiting" && now - Date.parse(one.at) > WAITS_MS;
    if (this.entries.some(isOld)) {
      this.#set(this.entries.map((one) => (isOld(one) ? { ...one, state: "failed", problem: TOO_OLD } : one)));
    }
    return this.entries.findLast(({ state }) => state === "waiting");
  }

  /** The server cannot be reached: what is to go goes later. */
  wait(): void {
    this.#set(this.entries.map((one) => (one.state === "sending" ? { ...one, state: "waiting", unsure: true } : one)));
  }

  /** What is still to be shown beside the messages of the thread. */
  pending(thread: Message[], personId: string | undefined): Outgoing[] {
    const taken = new Set<string>();
    return this.entries.filter((one) => {
      if (one.state === "failed" && !one.unsure) return true;
      const message = thread.find((each) => !taken.has(each.id) && each.sender.id === personId && isSame(each, one));
      if (message) taken.add(message.id);
      return !message;
    });
  }

  /** Lets go of what arrived although its answer did not. */
  settle(thread: Message[], personId: string | undefined): void {
    const pending = this.pending(thread, personId);
    const left = this.entries.filter((one) => one.state === "sending" || pending.includes(one));
    if (left.length < this.entries.length) this.#set(left);
  }

  #kept(): Outgoing[] {
    return unsaved.get<Outgoing[]>(this.#name) ?? [];
  }

  #set(entries: Outgoing[]): void {
    this.entries = entries;
    unsaved.set(this.#name, entries.length > 0 ? entries : null);
  }
}

const boxes = new Shared((name) => new Outbox(name));

export function outboxOf(workspaceId: string, taskId: string): Outbox {
  return boxes.of(`${workspaceId}/${taskId}`);
}

/** The tasks that have something unsent, as their outboxes are named. */
export function withUnsent(): { workspace_id: string; id: string }[] {
  return unsaved.under(OUTBOXES).map((name) => {
    const [workspace_id = "", id = ""] = name.split("/");
    return { workspace_id, id };
  });
}

onWritten((name) => name.startsWith(OUTBOXES) && boxes.get(name.slice(OUTBOXES.length))?.read());

function isSame(message: Message, one: Outgoing): boolean {
  return (
    message.id > one.after &&
    message.text === one.text &&
    message.attachments.map(({ id }) => id).join() === one.attachments.map(({ id }) => id).join()
  );
}

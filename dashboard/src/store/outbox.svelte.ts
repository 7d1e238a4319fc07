/**
 * Messages that a person sent and the server has not answered yet, by task, in the order of sending. They are kept
 * over reloads. Each carries the key that makes sending it again the same request; and as its event may come before
 * the answer, or in its place, one that is in the thread already is not shown a second time.
 */
import type { Attachment, Message } from "../api/types.ts";
import { unsaved } from "./draft.svelte.ts";

export interface Outgoing {
  key: string;
  text: string;
  attachments: Attachment[];
  at: string;
  /** The newest message that was in the thread when it was sent: it will come after that. */
  after: string;
  state: "sending" | "failed";
  problem: string;
  /** There was no answer: it may have arrived all the same. */
  unsure: boolean;
}

const INTERRUPTED = "The page was left before it was sent.";

export class Outbox {
  entries = $state.raw<Outgoing[]>([]);
  readonly #name: string;

  constructor(workspaceId: string, taskId: string) {
    this.#name = `outbox/${workspaceId}/${taskId}`;
    // Nobody waits for the answer to what was under way when the page was left.
    this.entries = this.#kept().map(interrupted);
    unsaved.watch(this.#name, () => (this.entries = this.#kept()));
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

const boxes = new Map<string, Outbox>();

export function outboxOf(workspaceId: string, taskId: string): Outbox {
  const name = `${workspaceId}/${taskId}`;
  const known = boxes.get(name);
  if (known) return known;
  const box = new Outbox(workspaceId, taskId);
  boxes.set(name, box);
  return box;
}

function isSame(message: Message, one: Outgoing): boolean {
  return (
    message.id > one.after &&
    message.text === one.text &&
    message.attachments.map(({ id }) => id).join() === one.attachments.map(({ id }) => id).join()
  );
}

function interrupted(one: Outgoing): Outgoing {
  return one.state === "sending" ? { ...one, state: "failed", problem: INTERRUPTED, unsure: true } : one;
}

/**
 * What a person began to write, kept over reloads until it is sent or they sign out. By name there is one draft,
 * whoever asks for it; the tabs of a browser see each other's. Each person has their own: one whose session just
 * ended finds it when they sign in again, unless somebody else did so here first.
 */
import type { Attachment } from "../api/types.ts";
import { Shared } from "./shared.ts";

const PREFIX = "handrail:draft:";
/** How the names begin under which the outboxes keep what was not sent, see `outbox.svelte.ts`. */
export const OUTBOXES = "outbox/";
let owner = "";
const keyOf = (name: string): string => `${PREFIX}${owner}/${name}`;

/** From now on it is this person who writes here. What others left behind is gone. */
export function ownDrafts(personId: string): void {
  owner = personId;
  for (const key of keys()) if (!key.startsWith(keyOf(""))) localStorage.removeItem(key);
}

export function forgetDrafts(): void {
  for (const key of keys()) localStorage.removeItem(key);
}

function keys(): string[] {
  return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
}

export class Draft {
  text = $state("");
  attachments = $state.raw<Attachment[]>([]);
  readonly #key: string;

  constructor(name: string) {
    this.#key = keyOf(name);
    this.read();
  }

  get isEmpty(): boolean {
    return this.text.trim() === "" && this.attachments.length === 0;
  }

  read(): void {
    const saved = { text: "", attachments: [], ...kept<Partial<Draft>>(this.#key) };
    this.text = saved.text;
    this.attachments = saved.attachments;
  }

  save(): void {
    keep(this.#key, this.isEmpty ? null : { text: this.text, attachments: this.attachments });
  }

  clear(): void {
    this.text = "";
    this.attachments = [];
    this.save();
  }

  /** Puts what was written before it first. */
  prepend(text: string, attachments: Attachment[]): void {
    this.text = [text, this.text].filter((part) => part !== "").join("\n\n");
    this.attachments = [...attachments, ...this.attachments];
    this.save();
  }
}

const drafts = new Shared((name) => new Draft(name));

export function draftOf(name: string): Draft {
  return drafts.of(name);
}

/** Anything else that is being written, by the name of what it is for; `null` forgets it. */
export const unsaved = {
  get: <T>(name: string): T | null => kept<T>(keyOf(name)),
  set: (name: string, value: object | null): void => keep(keyOf(name), value),
  /** Of those whose names begin so, the rest of their names. */
  under: (beginning: string): string[] => {
    const start = keyOf(beginning);
    return keys().filter((key) => key.startsWith(start)).map((key) => key.slice(start.length));
  },
};

/** Calls `wrote` with the name of what another tab of this browser wrote, from now on. */
export function onWritten(wrote: (name: string) => void): void {
  window.addEventListener("storage", ({ key }) => {
    if (key?.startsWith(keyOf(""))) wrote(key.slice(keyOf("").length));
  });
}

onWritten((name) => drafts.get(name)?.read());

function keep(key: string, value: object | null): void {
  if (value === null) localStorage.removeItem(key);
  else localStorage.setItem(key, JSON.stringify(value));
}

function kept<T>(key: string): T | null {
  const json = localStorage.getItem(key);
  try {
    return json === null ? null : (JSON.parse(json) as T);
  } catch {
    return null;
  }
}

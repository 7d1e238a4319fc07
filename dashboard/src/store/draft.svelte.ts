/**
 * What a person began to write, kept over reloads until it is sent or they sign out. By name there is one draft,
 * whoever asks for it; the tabs of a browser see each other's.
 */
import type { Attachment } from "../api/types.ts";

const PREFIX = "handrail:draft:";

export class Draft {
  text = $state("");
  attachments = $state.raw<Attachment[]>([]);
  readonly #key: string;

  constructor(name: string) {
    this.#key = PREFIX + name;
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

const drafts = new Map<string, Draft>();

export function draftOf(name: string): Draft {
  const known = drafts.get(name);
  if (known) return known;
  const draft = new Draft(name);
  drafts.set(name, draft);
  return draft;
}

window.addEventListener("storage", ({ key }) => {
  if (key?.startsWith(PREFIX)) drafts.get(key.slice(PREFIX.length))?.read();
});

/** Anything else that is being written, by the name of what it is for; `null` forgets it. */
export const unsaved = {
  get: <T>(name: string): T | null => kept<T>(PREFIX + name),
  set: (name: string, value: object | null): void => keep(PREFIX + name, value),
  /** Calls `changed` when another tab of this browser wrote it. Returns how to stop. */
  watch: (name: string, changed: () => void): (() => void) => {
    const heard = ({ key }: StorageEvent): void => void (key === PREFIX + name && changed());
    window.addEventListener("storage", heard);
    return () => window.removeEventListener("storage", heard);
  },
};

export function forgetDrafts(): void {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  }
}

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

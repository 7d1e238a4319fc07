/** What a person began to write, kept over reloads until it is sent or they sign out. */
import type { Attachment } from "../api/types.ts";

const PREFIX = "handrail:draft:";

export class Draft {
  text = $state("");
  attachments = $state.raw<Attachment[]>([]);
  readonly #key: string;

  constructor(name: string) {
    this.#key = PREFIX + name;
    const saved = parse(localStorage.getItem(this.#key));
    this.text = saved.text;
    this.attachments = saved.attachments;
  }

  get isEmpty(): boolean {
    return this.text.trim() === "" && this.attachments.length === 0;
  }

  save(): void {
    if (this.isEmpty) localStorage.removeItem(this.#key);
    else localStorage.setItem(this.#key, JSON.stringify({ text: this.text, attachments: this.attachments }));
  }

  clear(): void {
    this.text = "";
    this.attachments = [];
    this.save();
  }
}

export function forgetDrafts(): void {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  }
}

interface Saved {
  text: string;
  attachments: Attachment[];
}

function parse(json: string | null): Saved {
  try {
    return { text: "", attachments: [], ...(JSON.parse(json ?? "{}") as Partial<Saved>) };
  } catch {
    return { text: "", attachments: [] };
  }
}

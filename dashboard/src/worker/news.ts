/** What was pushed lately. The same message may arrive twice: only another one is news, though it takes the same place. */
import type { Notice } from "./notice.ts";

const MOST = 50;

export class News {
  readonly #lately = new Map<string, string>();

  /** Whether nobody was told this yet; from now on they were. */
  includes({ title, options: { tag = "", body = "" } }: Notice): boolean {
    const words = `${title}\n${body}`;
    const known = this.#lately.get(tag) === words;
    this.#lately.delete(tag);
    this.#lately.set(tag, words);
    if (this.#lately.size > MOST) this.#lately.delete(this.#lately.keys().next().value!);
    return !known;
  }
}

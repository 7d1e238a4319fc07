/** Which tasks are chosen to be acted on together. Made of ids, so that it outlives every change of the tasks. */
import { SvelteSet } from "svelte/reactivity";

export class Selection {
  readonly #ids = new SvelteSet<string>();
  /** Where a range begins: the one that was chosen last. */
  #anchor: string | null = null;

  get size(): number {
    return this.#ids.size;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  toggle(id: string): void {
    if (!this.#ids.delete(id)) this.#ids.add(id);
    this.#anchor = id;
  }

  /** Chooses everything from the one chosen last to `id`, in the order that is shown. */
  extendTo(id: string, order: string[]): void {
    const begin = this.#anchor !== null && order.includes(this.#anchor) ? this.#anchor : id;
    const [from = 0, to = 0] = [order.indexOf(begin), order.indexOf(id)].sort((a, b) => a - b);
    for (const between of order.slice(from, to + 1)) this.#ids.add(between);
    this.#anchor = id;
  }

  /** From one to the next, with the keyboard. */
  extend(from: string, to: string, order: string[]): void {
    if (!this.#ids.has(from)) this.toggle(from);
    this.extendTo(to, order);
  }

  choose(ids: string[]): void {
    for (const id of ids) this.#ids.add(id);
  }

  clear(): void {
    this.#ids.clear();
    this.#anchor = null;
  }

  /** Lets go of what is not shown any more: nobody acts on what they do not see. */
  keepOnly(shown: string[]): void {
    const there = new Set(shown);
    for (const id of [...this.#ids]) if (!there.has(id)) this.#ids.delete(id);
  }
}

/**
 * Entities of one type by id, as they are at the newest moment we have heard of.
 * Whatever the order in which snapshots, events and answers arrive, the newest version stays, and what
 * was deleted does not come back (ids are never used twice). What a person just did is shown at once as an
 * expectation on top of what the server said, and taken away when the server has answered, either way.
 */
import { SvelteMap } from "svelte/reactivity";

interface Identified {
  id: string;
  version?: number;
}

interface Entry<T> {
  value: T;
  /** The place in the event log at which this value was known to be true. */
  seq: number;
}

/** How the server's value will look once it has agreed. Null: it will be gone. */
export type Expectation<T> = (value: T) => T | null;

/** Of what was deleted, this many are remembered: an answer that was under way may still name one. */
const DELETIONS_REMEMBERED = 1_000;

export class Collection<T extends Identified> {
  readonly #entries = new SvelteMap<string, Entry<T>>();
  readonly #expected = new SvelteMap<string, Expectation<T>[]>();
  readonly #deleted = new Set<string>();

  get(id: string): T | undefined {
    const entry = this.#entries.get(id);
    return entry && (this.#asExpected(entry.value) ?? undefined);
  }

  /** What the server said last, whatever is expected. */
  confirmed(id: string): T | undefined {
    return this.#entries.get(id)?.value;
  }

  values(): T[] {
    const all = [...this.#entries.values()];
    if (this.#expected.size === 0) return all.map((entry) => entry.value);
    return all.map((entry) => this.#asExpected(entry.value)).filter((value) => value !== null);
  }

  put(value: T, seq: number): void {
    if (this.#deleted.has(value.id)) return;
    const known = this.#entries.get(value.id);
    if (known && isNewer(known, value, seq)) return;
    this.#entries.set(value.id, { value, seq });
  }

  delete(id: string): void {
    this.#deleted.add(id);
    if (this.#deleted.size > DELETIONS_REMEMBERED) this.#deleted.delete(this.#deleted.values().next().value!);
    this.#entries.delete(id);
  }

  /** Lets go of what nobody looks at; it may come back with a later list. */
  evict(unwanted: (value: T) => boolean): void {
    for (const [id, entry] of [...this.#entries]) {
      if (unwanted(entry.value)) this.#entries.delete(id);
    }
  }

  /** Shows `id` as `change` makes it, until the returned function is called. */
  expect(id: string, change: Expectation<T>): () => void {
    this.#expected.set(id, [...(this.#expected.get(id) ?? []), change]);
    return () => {
      const left = (this.#expected.get(id) ?? []).filter((other) => other !== change);
      if (left.length > 0) this.#expected.set(id, left);
      else this.#expected.delete(id);
    };
  }

  /** Takes in a complete list that was true at `seq`: what it `covers` but does not name is no longer so. */
  reconcile(values: T[], seq: number, covers: (value: T) => boolean): void {
    for (const value of values) this.put(value, seq);
    const named = new Set(values.map((value) => value.id));
    for (const [id, entry] of [...this.#entries]) {
      if (!named.has(id) && entry.seq <= seq && covers(entry.value)) this.#entries.delete(id);
    }
  }

  #asExpected(value: T): T | null {
    let shown: T | null = value;
    for (const change of this.#expected.get(value.id) ?? []) shown = shown && change(shown);
    return shown;
  }
}

function isNewer<T extends Identified>(known: Entry<T>, value: T, seq: number): boolean {
  const difference = (known.value.version ?? 0) - (value.version ?? 0);
  return difference === 0 ? known.seq > seq : difference > 0;
}

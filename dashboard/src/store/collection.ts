/**
 * Entities of one type by id, as they are at the newest moment we have heard of.
 * Whatever the order in which snapshots, events and answers arrive, the newest version stays, and what
 * was deleted does not come back (ids are never used twice).
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

export class Collection<T extends Identified> {
  readonly #entries = new SvelteMap<string, Entry<T>>();
  readonly #deleted = new Set<string>();

  get(id: string): T | undefined {
    return this.#entries.get(id)?.value;
  }

  values(): T[] {
    return [...this.#entries.values()].map((entry) => entry.value);
  }

  put(value: T, seq: number): void {
    if (this.#deleted.has(value.id)) return;
    const known = this.#entries.get(value.id);
    if (known && isNewer(known, value, seq)) return;
    this.#entries.set(value.id, { value, seq });
  }

  delete(id: string): void {
    this.#deleted.add(id);
    this.#entries.delete(id);
  }

  /** Takes in a complete list that was true at `seq`: what it `covers` but does not name is no longer so. */
  reconcile(values: T[], seq: number, covers: (value: T) => boolean): void {
    for (const value of values) this.put(value, seq);
    const named = new Set(values.map((value) => value.id));
    for (const [id, entry] of [...this.#entries]) {
      if (!named.has(id) && entry.seq <= seq && covers(entry.value)) this.#entries.delete(id);
    }
  }
}

function isNewer<T extends Identified>(known: Entry<T>, value: T, seq: number): boolean {
  const difference = (known.value.version ?? 0) - (value.version ?? 0);
  return difference === 0 ? known.seq > seq : difference > 0;
}

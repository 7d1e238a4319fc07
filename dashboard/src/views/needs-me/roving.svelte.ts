/**
 * Which item of a list the keys act on. Only the person moves it; when its item goes, the next one takes its
 * place, and what comes or goes elsewhere changes nothing.
 */
export class Roving {
  key = $state<string | null>(null);
  #keys: string[] = [];

  take(key: string): void {
    this.key = key;
  }

  /** The key that is `step` further on, which is current from now on. Null: there is nothing. */
  move(step: 1 | -1): string | null {
    if (this.key === null) return null;
    const place = this.#keys.indexOf(this.key) + step;
    this.key = this.#keys[Math.min(Math.max(place, 0), this.#keys.length - 1)] ?? null;
    return this.key;
  }

  /** Takes in the list as it is now. True: the current item went, and another, or none, took its place. */
  follow(keys: string[]): boolean {
    const before = this.#keys;
    const was = this.key;
    this.#keys = keys;
    if (was !== null && keys.includes(was)) return false;
    this.key = was === null ? (keys[0] ?? null) : successor(before, was, keys);
    return was !== null;
  }
}

/** The first that came after `gone` and is still there; else the last before it. */
function successor(before: string[], gone: string, keys: string[]): string | null {
  const left = new Set(keys);
  const place = before.indexOf(gone);
  const next = before.slice(place + 1).find((key) => left.has(key));
  return next ?? before.slice(0, place).findLast((key) => left.has(key)) ?? keys[0] ?? null;
}

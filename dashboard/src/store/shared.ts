/** One object for a name, as long as somebody holds it: what nobody looks at any more takes no room. */
export class Shared<T extends object> {
  readonly #held = new Map<string, WeakRef<T>>();
  readonly #gone = new FinalizationRegistry<string>((name) => {
    // Another may have been made under the name since.
    if (!this.get(name)) this.#held.delete(name);
  });

  constructor(private readonly make: (name: string) => T) {}

  get size(): number {
    return this.#held.size;
  }

  /** The one of this name if there is one. */
  get(name: string): T | undefined {
    return this.#held.get(name)?.deref();
  }

  of(name: string): T {
    const known = this.get(name);
    if (known) return known;
    const made = this.make(name);
    this.#held.set(name, new WeakRef(made));
    this.#gone.register(made, name);
    return made;
  }
}

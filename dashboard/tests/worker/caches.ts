/** Caches in memory, as far as the worker uses them. */

export class MemoryCaches {
  readonly #caches = new Map<string, Map<string, Response>>();

  constructor(private readonly origin: string) {}

  asStorage(): CacheStorage {
    return this as unknown as CacheStorage;
  }

  open(name: string): Promise<Cache> {
    const entries = this.#caches.get(name) ?? new Map<string, Response>();
    this.#caches.set(name, entries);
    const key = (path: string): string => new URL(path, this.origin).href;
    const cache = {
      put: (path: string, answer: Response) => Promise.resolve(void entries.set(key(path), answer)),
      match: (path: string) => Promise.resolve(entries.get(key(path))?.clone()),
    };
    return Promise.resolve(cache as unknown as Cache);
  }

  keys(): Promise<string[]> {
    return Promise.resolve([...this.#caches.keys()]);
  }

  delete(name: string): Promise<boolean> {
    return Promise.resolve(this.#caches.delete(name));
  }

  contents(): Record<string, string[]> {
    const paths = (entries: Map<string, Response>): string[] => [...entries.keys()].map((url) => new URL(url).pathname);
    return Object.fromEntries([...this.#caches].map(([name, entries]) => [name, paths(entries)]));
  }
}

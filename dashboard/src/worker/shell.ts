/**
 * The built page, kept so that it opens without a network. Only files of the build are ever in a cache, one cache
 * a build; what the server computes is none of the worker's business.
 *
 *     page     the network's, so that a new version shows at once; the kept one without a network
 *     file     the kept one if its name carries its hash, else like the page
 *     server   not touched
 */

/** What one build consists of, and a name that no other build has. */
export interface Build {
  version: string;
  files: string[];
}

export type Source = "server" | "page" | "file";

const PREFIX = "handrail-shell-";
const PAGE = "/";
/** What the server computes: these paths, and all beneath them. */
export const COMPUTED = ["/api", "/auth", "/mcp", "/.well-known", "/register"];
/** A network that takes longer than this to bring the page is as good as none. */
const SLOW_MS = 4_000;

export class Shell {
  readonly #name: string;

  constructor(
    private readonly build: Build,
    private readonly caches: CacheStorage,
    private readonly load: (request: Request | string, init?: RequestInit) => Promise<Response>,
  ) {
    this.#name = PREFIX + build.version;
  }

  /** Takes the whole build in, or nothing of it. */
  async keep(): Promise<void> {
    const cache = await this.caches.open(this.#name);
    await Promise.all(
      this.build.files.map(async (file) => {
        const answer = await this.load(file, { cache: isHashed(file) ? "default" : "reload", credentials: "omit" });
        if (!answer.ok || answer.redirected) throw new Error(`${file} cannot be kept: ${answer.status}`);
        await cache.put(file, answer);
      }),
    );
  }

  async dropOthers(): Promise<void> {
    const names = (await this.caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== this.#name);
    await Promise.all(names.map((name) => this.caches.delete(name)));
  }

  /** Whether a page that was built from these files is of this build. */
  includes(files: string[]): boolean {
    return files.every((file) => this.build.files.includes(file));
  }

  sourceOf({ method, mode, url }: Pick<Request, "method" | "mode" | "url">, origin: string): Source {
    const { pathname, origin: host } = new URL(url);
    if (method !== "GET" || host !== origin) return "server";
    if (COMPUTED.some((path) => pathname === path || pathname.startsWith(`${path}/`))) return "server";
    if (pathname !== PAGE && this.build.files.includes(pathname)) return "file";
    return mode === "navigate" ? "page" : "server";
  }

  async file(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (!isHashed(pathname)) return this.#freshest(request, pathname);
    return (await this.#kept(pathname)) ?? this.load(request);
  }

  page(request: Request): Promise<Response> {
    return this.#freshest(request, PAGE);
  }

  async #freshest(request: Request, path: string): Promise<Response> {
    const fresh = this.load(request);
    const answer = await Promise.race([fresh, later(SLOW_MS)]).catch(() => null);
    if (answer && answer.status < 500) return answer;
    return (await this.#kept(path)) ?? fresh;
  }

  async #kept(path: string): Promise<Response | undefined> {
    const cache = await this.caches.open(this.#name);
    return cache.match(path, { ignoreVary: true });
  }
}

export function isHashed(path: string): boolean {
  return path.startsWith("/assets/");
}

function later(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms));
}

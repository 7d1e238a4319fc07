import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Shell } from "../../src/worker/shell.ts";
import { MemoryCaches } from "./caches.ts";

const ORIGIN = "https://handrail.test";
const BUILD = { version: "v2", files: ["/", "/icon.svg", "/assets/index-1.js"] };

let caches: MemoryCaches;
let network: ReturnType<typeof vi.fn>;
const shell = (): Shell => new Shell(BUILD, caches.asStorage(), network as unknown as typeof fetch);
const request = (path: string, more: Partial<Request> = {}): Request =>
  ({ method: "GET", mode: "navigate", url: ORIGIN + path, ...more }) as Request;
const pathOf = (asked: Request | string): string => new URL(typeof asked === "string" ? asked : asked.url, ORIGIN).pathname;

beforeEach(() => {
  caches = new MemoryCaches(ORIGIN);
  network = vi.fn((asked: Request | string) => Promise.resolve(new Response(`network ${pathOf(asked)}`)));
});
afterEach(() => vi.useRealTimers());

const offline = (): void => void network.mockRejectedValue(new TypeError("offline"));
const text = async (answer: Promise<Response>): Promise<string> => (await answer).text();

describe("where an answer comes from", () => {
  it.each([
    ["/api", "/api/workspaces", "/auth/session", "/mcp/w1", "/mcp/w1/stateless", "/register", "/.well-known/x"],
  ])("leaves what the server computes to the server", (...paths) => {
    for (const path of paths) {
      expect(shell().sourceOf(request(path), ORIGIN)).toBe("server");
      expect(shell().sourceOf(request(path, { mode: "cors" }), ORIGIN)).toBe("server");
    }
  });

  it("leaves alone what is not read, what is elsewhere and what it does not know", () => {
    expect(shell().sourceOf(request("/", { method: "POST" }), ORIGIN)).toBe("server");
    expect(shell().sourceOf(request("/"), "https://elsewhere.test")).toBe("server");
    expect(shell().sourceOf(request("/assets/of-another-build.js", { mode: "cors" }), ORIGIN)).toBe("server");
  });

  it("knows pages and files", () => {
    for (const path of ["/", "/w/w1/t/t1", "/api-keys", "/signin?next=%2F"]) {
      expect(shell().sourceOf(request(path), ORIGIN)).toBe("page");
    }
    expect(shell().sourceOf(request("/assets/index-1.js", { mode: "cors" }), ORIGIN)).toBe("file");
  });
});

describe("the kept page", () => {
  it("stands in when there is no network, at every address", async () => {
    await shell().keep();
    offline();
    expect(await text(shell().page(request("/w/w1/t/t1")))).toBe("network /");
    expect(await text(shell().file(request("/assets/index-1.js")))).toBe("network /assets/index-1.js");
  });

  it("does not stand before a newer one", async () => {
    await shell().keep();
    network.mockImplementation(() => Promise.resolve(new Response("newer")));
    expect(await text(shell().page(request("/")))).toBe("newer");
    expect(await text(shell().file(request("/icon.svg")))).toBe("newer");
    expect(await text(shell().file(request("/assets/index-1.js")))).toBe("network /assets/index-1.js");
  });

  it("stands in for a server that fails or does not answer in time", async () => {
    await shell().keep();
    network.mockImplementation(() => Promise.resolve(new Response("bad gateway", { status: 502 })));
    expect(await text(shell().page(request("/")))).toBe("network /");

    vi.useFakeTimers();
    network.mockImplementation(() => new Promise(() => {}));
    const late = text(shell().page(request("/")));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await late).toBe("network /");
  });

  it("is not there before it was kept: the failure is the network's own", async () => {
    offline();
    await expect(shell().page(request("/"))).rejects.toThrow("offline");
  });

  it("passes on what the server refuses", async () => {
    await shell().keep();
    network.mockImplementation(() => Promise.resolve(new Response("no", { status: 403 })));
    expect((await shell().page(request("/"))).status).toBe(403);
  });
});

describe("keeping a build", () => {
  it("takes all of it, and what has no hash in its name from the server itself, without saying who asks", async () => {
    await shell().keep();
    expect(caches.contents()).toEqual({ "handrail-shell-v2": ["/", "/icon.svg", "/assets/index-1.js"] });
    expect(network.mock.calls).toEqual([
      ["/", { cache: "reload", credentials: "omit" }],
      ["/icon.svg", { cache: "reload", credentials: "omit" }],
      ["/assets/index-1.js", { cache: "default", credentials: "omit" }],
    ]);
  });

  it("fails when a file is not there", async () => {
    network.mockImplementation(() => Promise.resolve(new Response("gone", { status: 404 })));
    await expect(shell().keep()).rejects.toThrow("404");
  });

  it("drops other builds and nobody else's caches", async () => {
    await caches.open("handrail-shell-v1");
    await caches.open("somebody-else");
    await shell().keep();
    await shell().dropOthers();
    expect(Object.keys(caches.contents())).toEqual(["somebody-else", "handrail-shell-v2"]);
  });

  it("tells a page of its own from one of another build", () => {
    expect(shell().includes(["/assets/index-1.js"])).toBe(true);
    expect(shell().includes(["/assets/index-1.js", "/assets/index-0.css"])).toBe(false);
  });
});

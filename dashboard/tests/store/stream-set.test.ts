import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StreamSet } from "../../src/store/stream-set.ts";

/** Web Locks of one browser: a name is held until the work given with it has ended. */
function browserLocks(): Pick<LockManager, "request"> {
  const held = new Set<string>();
  const request = async (name: string, _options: LockOptions, work: (lock: unknown) => Promise<unknown>): Promise<unknown> => {
    if (held.has(name)) {
      refusals += 1;
      return work(null);
    }
    held.add(name);
    return work({ name }).finally(() => held.delete(name));
  };
  return { request } as Pick<LockManager, "request">;
}

let open: string[];
let refusals: number;
let tabs: StreamSet[];

function tab(name: string): StreamSet {
  const streams = new StreamSet((id, signal) => {
    const stream = `${name} ${id}`;
    open.push(stream);
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        open = open.filter((other) => other !== stream);
        resolve();
      });
    });
  });
  tabs.push(streams);
  return streams;
}

afterEach(() => tabs.forEach((streams) => streams.want([])));

beforeEach(() => {
  open = [];
  tabs = [];
  refusals = 0;
  vi.stubGlobal("navigator", { locks: browserLocks() });
});

describe("the streams of a browser", () => {
  it("are those of the most wanted workspaces", async () => {
    tab("A").want(["w1", "w2", "w3", "w4"]);
    await vi.waitFor(() => expect(open.sort()).toEqual(["A w1", "A w2", "A w3"]));
  });

  it("leave connections for requests, and a slot for the workspace on a second screen", async () => {
    tab("A").want(["w1", "w2", "w3"]);
    await vi.waitFor(() => expect(open).toHaveLength(3));
    tab("B").want(["w1", "w2", "w3"]);
    await vi.waitFor(() => expect(open).toContain("B w1"));
    tab("C").want(["w1", "w2", "w3"]);
    // B was refused one foreground slot and twice the two of the background, C all of them.
    await vi.waitFor(() => expect(refusals).toBeGreaterThanOrEqual(1 + 4 + 4 + 4));
    expect(open).toHaveLength(4);
  });

  it("end when they are no longer wanted, and make room", async () => {
    const first = tab("A");
    first.want(["w1", "w2", "w3"]);
    await vi.waitFor(() => expect(open).toHaveLength(3));
    first.want([]);
    expect(open).toEqual([]);
    tab("B").want(["w1", "w2", "w3"]);
    await vi.waitFor(() => expect(open.sort()).toEqual(["B w1", "B w2", "B w3"]), { timeout: 3_000 });
  });

  it("take a foreground slot when what waited in the background comes to the front", async () => {
    tab("A").want(["w1", "w2", "w3"]);
    await vi.waitFor(() => expect(open).toHaveLength(3));
    const second = tab("B");
    second.want(["w4", "w5"]);
    await vi.waitFor(() => expect(open).toContain("B w4"));
    second.want(["w5"]);
    await vi.waitFor(() => expect(open).toContain("B w5"), { timeout: 3_000 });
  });
});

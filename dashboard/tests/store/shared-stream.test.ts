import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LogEvent } from "../../src/api/types.ts";
import { SharedStream, type StreamState } from "../../src/store/shared-stream.ts";
import { event, question } from "./events.ts";

/** One exclusive lock of a browser, handed on in the order of asking. */
class BrowserLocks {
  #turn: Promise<unknown> = Promise.resolve();

  request(_name: string, { signal }: { signal: AbortSignal }, work: () => Promise<void>): Promise<unknown> {
    const turn = this.#turn.then(() => (signal.aborted ? undefined : work()));
    this.#turn = turn;
    return turn;
  }
}

interface Connection {
  after: string;
  send: (event: LogEvent) => void;
  end: () => void;
}

let connections: Connection[];
let tabs: SharedStream[];

beforeEach(() => {
  connections = [];
  tabs = [];
  vi.stubGlobal("navigator", { locks: new BrowserLocks() });
  vi.stubGlobal("fetch", (url: string, { signal }: RequestInit) => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const write = (text: string): void => controller.enqueue(new TextEncoder().encode(text));
        const end = (): void => controller.error(new Error("lost"));
        signal?.addEventListener("abort", end);
        const send = (each: LogEvent): void => write(`event: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`);
        connections.push({ after: url.split("after=")[1] ?? "", send, end });
      },
    });
    return Promise.resolve(new Response(body));
  });
});

afterEach(() => {
  tabs.forEach((tab) => tab.stop());
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** A tab that takes in events in order, as the store does. */
function tab(at = 0): { stream: SharedStream; seen: number[]; resets: string[]; states: StreamState[]; told: number[] } {
  let cursor = at;
  const seen: number[] = [];
  const resets: string[] = [];
  const states: StreamState[] = [];
  const told: number[] = [];
  const stream = new SharedStream("shared", {
    cursors: () => new Map([["w1", cursor]]),
    event: ({ seq }) => {
      if (seq !== cursor + 1) return;
      cursor = seq;
      seen.push(seq);
    },
    reset: (id) => resets.push(id),
    state: (state) => states.push(state),
    inbox: ({ items }) => told.push(items.length),
  });
  tabs.push(stream);
  stream.start();
  return { stream, seen, resets, states, told };
}

describe("the stream that tabs share", () => {
  it("is one connection, however many tabs there are, and all of them hear everything", async () => {
    const [one, two, three] = [tab(), tab(), tab()];
    await vi.waitFor(() => expect([one, two, three].map(({ states }) => states.at(-1))).toEqual(["live", "live", "live"]));
    expect(connections).toHaveLength(1);
    connections[0]!.send(event(1, "task.created"));
    await vi.waitFor(() => expect([one.seen, two.seen, three.seen]).toEqual([[1], [1], [1]]));
  });

  it("goes on in another tab from where that one was, when the leading one closes", async () => {
    const one = tab();
    const two = tab();
    await vi.waitFor(() => expect(two.states.at(-1)).toBe("live"));
    connections[0]!.send(event(1, "task.created"));
    await vi.waitFor(() => expect(two.seen).toEqual([1]));
    one.stream.stop();
    await vi.waitFor(() => expect(connections).toHaveLength(2));
    expect(connections[1]!.after).toBe("w1:1");
    connections[1]!.send(event(2, "task.updated"));
    await vi.waitFor(() => expect(two.seen).toEqual([1, 2]));
  });

  it("tells a tab that missed something to load it anew", async () => {
    const ahead = tab(5);
    await vi.waitFor(() => expect(ahead.states.at(-1)).toBe("live"));
    const behind = tab(3);
    await vi.waitFor(() => expect(behind.resets).toContain("w1"));
    expect(ahead.resets).toEqual([]);
  });

  it("passes on what the leading tab was told of what waits", async () => {
    const [first, second] = [tab(), tab()];
    await vi.waitFor(() => expect(first.stream.leads).toBe(true));
    first.stream.tell({ items: [question("t1", "2026-11-20T10:00:00Z")], seqs: { w1: 1 } });
    await vi.waitFor(() => expect(second.told).toEqual([1]));
    expect([first.told, second.stream.leads]).toEqual([[], false]);
  });

  it("lets every tab say that the connection is lost", async () => {
    const [one, two] = [tab(), tab()];
    await vi.waitFor(() => expect(two.states.at(-1)).toBe("live"));
    connections[0]!.end();
    await vi.waitFor(() => expect([one.states.at(-1), two.states.at(-1)]).toEqual(["lost", "lost"]));
  });

  it("is read anew after a long silence when the person comes to any tab", async () => {
    const one = tab();
    await vi.waitFor(() => expect(one.states.at(-1)).toBe("live"));
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 30_000);
    tab();
    await vi.waitFor(() => expect(connections).toHaveLength(2));
  });

  it("is every tab's own where tabs cannot share", async () => {
    vi.stubGlobal("navigator", {});
    tab();
    tab();
    await vi.waitFor(() => expect(connections).toHaveLength(2));
  });

  it("is live for a tab whose leader is hidden, and so has a pulse a minute, and lost once that has none", async () => {
    vi.useFakeTimers();
    vi.stubGlobal("navigator", { locks: { request: () => new Promise(() => {}) } });
    const follower = tab();
    const leader = new BroadcastChannel("shared");
    leader.postMessage({ kind: "pulse", state: "live", cursors: new Map() });
    await vi.waitFor(() => expect(follower.states).toEqual(["live"]));
    vi.advanceTimersByTime(60_000);
    expect(follower.states).toEqual(["live"]);
    vi.advanceTimersByTime(60_000);
    expect(follower.states).toEqual(["live", "lost"]);
    leader.close();
  });
});

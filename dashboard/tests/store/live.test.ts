import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { InboxItem } from "../../src/api/types.ts";
import { event, question, task, workspace } from "./events.ts";

/** A server with one workspace, whose lists are true for the event that each names. */
let seq: number;
let inbox: { seq: number; items: InboxItem[] };
let send: (frame: string) => void;

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal("navigator", {});
  vi.stubGlobal("fetch", (url: string) => Promise.resolve(answer(url.split("?")[0]!)));
  asked("t1", 5);
});

afterEach(() => vi.unstubAllGlobals());

/** By event `at`, this question is all that waits. */
function asked(id: string, at: number): void {
  seq = at;
  inbox = { seq: at, items: [question(id, "2026-11-20T10:00:00Z")] };
}

function answer(path: string): Response {
  const here = workspace({ seq });
  if (path === "/api/workspaces") return Response.json({ items: [here], next_cursor: null, seq: null });
  if (path === "/api/workspaces/w1") return Response.json(here);
  if (path === "/api/inbox") return Response.json({ items: inbox.items, next_cursor: null, seqs: { w1: inbox.seq } });
  if (path !== "/api/events") throw new Error(`unexpected ${path}`);
  return new Response(
    new ReadableStream<Uint8Array>({
      start: (controller) => {
        send = (frame) => controller.enqueue(new TextEncoder().encode(frame));
      },
    }),
  );
}

const waiting = (items: InboxItem[]): (string | undefined)[] => items.map(({ task }) => task?.id);

describe("what waits", () => {
  it("is as the server has it after a workspace was loaded anew", async () => {
    const { live } = await import("../../src/store/live.svelte.ts");
    await live.start("p1");
    await vi.waitFor(() => expect(live.connection).toBe("live"));
    expect(waiting(live.inbox.items)).toEqual(["t1"]);
    asked("t2", 50);
    send('id: 50\nevent: reset\ndata: {"type":"reset","workspace_id":"w1","seq":50}\n\n');
    await vi.waitFor(() => expect(waiting(live.inbox.items)).toEqual(["t2"]));
    await vi.waitFor(() => expect(live.store("w1").log.cursor).toBe(50));
  });

  it("misses nothing that came between it and the list of workspaces", async () => {
    seq = 6;
    const { live } = await import("../../src/store/live.svelte.ts");
    await live.refresh();
    asked("t2", 6);
    await vi.waitFor(() => expect(waiting(live.inbox.items)).toEqual(["t2"]));
  });
});

describe("a task that waits for an approval", () => {
  const told = (seq: number, waiting: number, version: number): string => {
    const { counts } = workspace();
    const shown = task("t1", version, { waiting: { since: "2026-11-20T10:00:00Z", kind: "permission" } });
    const data = { ...event(seq, "task.updated", { task: shown }), counts: { ...counts, waiting } };
    return `id: ${seq}\nevent: task.updated\ndata: ${JSON.stringify(data)}\n\n`;
  };

  it("has the server asked when what waits may have changed, not with every event", async () => {
    const asked = vi.fn((url: string) => Promise.resolve(answer(url.split("?")[0]!)));
    vi.stubGlobal("fetch", asked);
    const inboxes = (): number => asked.mock.calls.filter(([url]) => url.startsWith("/api/inbox")).length;
    const { live } = await import("../../src/store/live.svelte.ts");
    await live.start("p1");
    await vi.waitFor(() => expect(live.connection).toBe("live"));
    const before = inboxes();
    const soon = vi.spyOn(live.inbox, "refreshSoon");
    for (let seq = 6; seq < 30; seq += 1) send(told(seq, 1, seq));
    await vi.waitFor(() => expect(live.store("w1").log.cursor).toBe(29));
    expect(soon).not.toHaveBeenCalled();
    // It waits for an answer no more, or a second thing does: only how much waits can tell.
    inbox = { seq: 30, items: [] };
    send(told(30, 0, 30));
    await vi.waitFor(() => expect(live.inbox.items).toEqual([]));
    expect(inboxes()).toBe(before + 1);
  });
});

describe("the lists", () => {
  it("are not asked for again while events come", async () => {
    vi.useFakeTimers();
    const asked = vi.fn((url: string) => Promise.resolve(answer(url.split("?")[0]!)));
    vi.stubGlobal("fetch", asked);
    const { live } = await import("../../src/store/live.svelte.ts");
    await live.start("p1");
    await vi.waitFor(() => expect(live.connection).toBe("live"));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(asked.mock.calls.filter(([url]) => url.startsWith("/api/workspaces?"))).toHaveLength(1);
    vi.useRealTimers();
  });
});

describe("of more workspaces than one stream follows", () => {
  it("one that changes unheard is looked at anew when the lists are asked for again", async () => {
    vi.useFakeTimers();
    let seqOfLast = 5;
    const there = (): object[] =>
      Array.from({ length: 101 }, (_, number) => workspace({ id: `w${number}`, seq: number === 100 ? seqOfLast : 5 }));
    vi.stubGlobal("fetch", (url: string) => {
      const path = url.split("?")[0]!;
      if (path === "/api/workspaces") return Promise.resolve(Response.json({ items: there(), next_cursor: null, seq: null }));
      if (path === "/api/workspaces/w100") return Promise.resolve(Response.json(there()[100]));
      if (path === "/api/inbox") return Promise.resolve(Response.json({ items: [], next_cursor: null, seqs: {} }));
      return Promise.resolve(answer(path));
    });
    const { live } = await import("../../src/store/live.svelte.ts");
    await live.start("p1");
    await vi.waitFor(() => expect(live.connection).toBe("live"));
    seqOfLast = 6;
    await vi.advanceTimersByTimeAsync(31_000);
    expect(live.store("w100").log.cursor).toBe(6);
    vi.useRealTimers();
  });
});

describe("an archived workspace", () => {
  const told = (seq: number, type: string, archived_at: string | null): string => {
    const data = event(seq, type, { workspace: workspace({ seq, version: seq, archived_at }) });
    return `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  };

  it("has nothing that waits, until it is restored", async () => {
    const { live } = await import("../../src/store/live.svelte.ts");
    await live.start("p1");
    await vi.waitFor(() => expect(live.connection).toBe("live"));
    send(told(6, "workspace.archived", "2026-11-20T11:00:00Z"));
    await vi.waitFor(() => expect(live.inbox.items).toEqual([]));
    asked("t1", 7);
    send(told(7, "workspace.restored", null));
    await vi.waitFor(() => expect(waiting(live.inbox.items)).toEqual(["t1"]));
  });
});

it("shows what came to wait anew between two pages of the inbox once, as it is", async () => {
  const { Inbox } = await import("../../src/store/inbox.svelte.ts");
  const pages = ["2026-11-20T10:00:00Z", "2026-11-20T12:00:00Z"].map((since, number) =>
    ({ items: [question("t1", since)], next_cursor: number === 0 ? "more" : null, seqs: { w1: 5 + number } }));
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json(pages.shift())));
  const inbox = new Inbox(() => 0);
  await inbox.refresh();
  expect(inbox.items.map(({ since }) => since)).toEqual(["2026-11-20T12:00:00Z"]);
});

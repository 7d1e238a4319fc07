import { afterEach, describe, expect, it, vi } from "vitest";
import { onSignedOut } from "../../src/api/http.ts";
import type { LogEvent } from "../../src/api/types.ts";
import { followEvents, type StreamHandlers } from "../../src/store/event-stream.ts";
import { problem, serve, stream } from "../server.ts";
import { event } from "./events.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const EVENTS = "GET /api/events";
const looks = new EventTarget();
const frame = (each: LogEvent): string => `id: ${each.seq}\nevent: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`;

function handlers(changes: Partial<StreamHandlers> = {}): StreamHandlers {
  const ignore = (): void => {};
  return { cursors: () => new Map([["w1", 7]]), event: ignore, reset: ignore, live: ignore, ...changes };
}

/** A stream that is open, and brings nothing. */
function serveSilence(): void {
  vi.stubGlobal("fetch", (_url: string, { signal }: RequestInit) => {
    const body = new ReadableStream({
      start: (controller) => signal?.addEventListener("abort", () => controller.error(signal.reason)),
    });
    return Promise.resolve(new Response(body));
  });
}

/** A stream that is open and brings nothing; when it is given up, following ends. */
async function followedSilence(): Promise<{ following: Promise<void>; states: boolean[] }> {
  const stop = new AbortController();
  const states: boolean[] = [];
  serveSilence();
  const live = (isLive: boolean): void => {
    states.push(isLive);
    if (!isLive) stop.abort();
  };
  const following = followEvents(handlers({ live }), looks, stop.signal);
  await vi.waitFor(() => expect(states).toEqual([true]));
  return { following, states };
}

describe("the event stream", () => {
  it("delivers events of every type and resets", async () => {
    const stop = new AbortController();
    const seen: unknown[] = [];
    serve({ [EVENTS]: () => stream(`: open\n\n${frame(event(1, "ticket.opened"))}event: reset\ndata: {"workspace_id":"w2"}\n\n`) });
    const on = handlers({
      event: ({ type }) => seen.push(type),
      reset: (id) => {
        seen.push(`reset ${id}`);
        stop.abort();
      },
    });
    await followEvents(on, looks, stop.signal);
    expect(seen).toEqual(["ticket.opened", "reset w2"]);
  });

  it("connects again after a loss, and says that it is live, lost, live", async () => {
    const stop = new AbortController();
    const states: boolean[] = [];
    let connections = 0;
    serve({
      [EVENTS]: () => {
        connections += 1;
        return connections === 1 ? stream(": open\n\n") : stream(frame(event(1, "task.updated")));
      },
    });
    const on = handlers({ event: () => stop.abort(), live: (isLive) => states.push(isLive) });
    const following = followEvents(on, looks, stop.signal);
    await vi.waitFor(() => expect(states).toEqual([true, false]));
    window.dispatchEvent(new Event("online"));
    await following;
    expect(states).toEqual([true, false, true]);
  });

  it("ends and announces it when the person is signed out", async () => {
    const signedOut = vi.fn();
    onSignedOut(signedOut);
    serve({ [EVENTS]: () => problem(401, { code: "unauthenticated" }) });
    await followEvents(handlers(), looks, new AbortController().signal);
    expect(signedOut).toHaveBeenCalledOnce();
  });

  it("continues where each workspace was read to", async () => {
    const stop = new AbortController();
    const asked: string[] = [];
    vi.stubGlobal("fetch", (url: string) => {
      asked.push(url);
      stop.abort();
      return Promise.resolve(stream(""));
    });
    const cursors = new Map([
      ["w1", 7],
      ["w2", 0],
    ]);
    await followEvents(handlers({ cursors: () => cursors }), looks, stop.signal);
    expect(asked).toEqual(["/api/events?after=w1:7,w2:0"]);
  });

  it("is given up at once when the browser says that the network went", async () => {
    const { following, states } = await followedSilence();
    window.dispatchEvent(new Event("offline"));
    await following;
    expect(states).toEqual([true, false]);
  });

  it("is given up when the person comes back after a long silence, not after a short one", async () => {
    const began = Date.now();
    const { following, states } = await followedSilence();
    const now = vi.spyOn(Date, "now").mockReturnValue(began + 20_000);
    looks.dispatchEvent(new Event("look"));
    await new Promise((resolve) => setTimeout(resolve));
    expect(states).toEqual([true]);
    now.mockReturnValue(began + 30_000);
    looks.dispatchEvent(new Event("look"));
    await following;
    expect(states).toEqual([true, false]);
  });
});

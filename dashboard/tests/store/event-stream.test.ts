import { afterEach, describe, expect, it, vi } from "vitest";
import { onSignedOut } from "../../src/api/http.ts";
import type { LogEvent } from "../../src/api/types.ts";
import { followEvents, type StreamHandlers } from "../../src/store/event-stream.ts";
import { problem, serve, stream } from "../server.ts";
import { event } from "./events.ts";

afterEach(() => vi.unstubAllGlobals());

const EVENTS = "GET /api/workspaces/w1/events";
const frame = (each: LogEvent): string => `id: ${each.seq}\nevent: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`;

function handlers(changes: Partial<StreamHandlers> = {}): StreamHandlers {
  const ignore = (): void => {};
  return { after: () => 0, event: ignore, reset: ignore, gone: ignore, live: ignore, ...changes };
}

describe("the event stream", () => {
  it("delivers events of every type and resets", async () => {
    const stop = new AbortController();
    const seen: unknown[] = [];
    serve({ [EVENTS]: () => stream(`: open\n\n${frame(event(1, "ticket.opened"))}event: reset\ndata: {}\n\n`) });
    const on = handlers({
      event: ({ type }) => seen.push(type),
      reset: () => {
        seen.push("reset");
        stop.abort();
      },
    });
    await followEvents("w1", on, stop.signal);
    expect(seen).toEqual(["ticket.opened", "reset"]);
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
    const following = followEvents("w1", on, stop.signal);
    await vi.waitFor(() => expect(states).toEqual([true, false]));
    window.dispatchEvent(new Event("online"));
    await following;
    expect(states).toEqual([true, false, true]);
  });

  it("ends and announces it when the person is signed out", async () => {
    const signedOut = vi.fn();
    onSignedOut(signedOut);
    serve({ [EVENTS]: () => problem(401, { code: "unauthenticated" }) });
    await followEvents("w1", handlers(), new AbortController().signal);
    expect(signedOut).toHaveBeenCalledOnce();
  });

  it("ends when the workspace is gone", async () => {
    const gone = vi.fn();
    serve({ [EVENTS]: () => problem(404, { code: "not_found" }) });
    await followEvents("w1", handlers({ gone }), new AbortController().signal);
    expect(gone).toHaveBeenCalledOnce();
  });
});

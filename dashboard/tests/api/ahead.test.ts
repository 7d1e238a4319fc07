import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { askAhead, call } from "../../src/api/http.ts";

const asked = vi.fn((path: string, _init: RequestInit) => Promise.resolve(Response.json({ path, number: asked.mock.calls.length })));

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", asked);
});
afterEach(() => {
  vi.runAllTimers();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  asked.mockClear();
});

it("what was asked ahead answers the first call of its path, and no other", async () => {
  askAhead(["/api/inbox", "/api/workspaces"]);
  expect(await call("GET", "/api/workspaces")).toEqual({ path: "/api/workspaces", number: 2 });
  expect(await call("GET", "/api/workspaces")).toEqual({ path: "/api/workspaces", number: 3 });
  expect(await call("POST", "/api/inbox")).toEqual({ path: "/api/inbox", number: 4 });
});

it("it is asked for as the call would", async () => {
  askAhead(["/api/inbox"]);
  await call("GET", "/api/tasks");
  expect(asked.mock.calls[0]![1]).toEqual(asked.mock.calls[1]![1]);
});

it("an answer that nobody took in time is not taken for how things are", async () => {
  askAhead(["/api/inbox"]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await call("GET", "/api/inbox")).toEqual({ path: "/api/inbox", number: 2 });
});

it("one that did not come is a problem of the call that takes it", async () => {
  asked.mockRejectedValueOnce(new TypeError("offline"));
  askAhead(["/api/inbox"]);
  await expect(call("GET", "/api/inbox")).rejects.toMatchObject({ code: "unreachable" });
});

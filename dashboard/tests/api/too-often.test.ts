import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { call } from "../../src/api/http.ts";

const PROBLEM = { code: "rate_limited", title: "Too many requests", detail: "You call too often. Wait 2 seconds." };

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function tooOften(seconds: string | null): Response {
  return new Response(JSON.stringify(PROBLEM), { status: 429, headers: seconds === null ? {} : { "Retry-After": seconds } });
}

function answering(...answers: (() => Response)[]) {
  const asked = vi.fn((_path: string, _init: RequestInit) => Promise.resolve((answers.shift() ?? (() => tooOften("2")))()));
  vi.stubGlobal("fetch", asked);
  return asked;
}

it("sends a call again when the server says so, and not before, with the same key", async () => {
  const asked = answering(() => tooOften("2"), () => new Response("{}", { status: 201 }));
  const answer = call("POST", "/api/workspaces", { body: { name: "x" }, idempotencyKey: "once" });
  await vi.advanceTimersByTimeAsync(1_999);
  expect(asked).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1_001);
  expect(await answer).toEqual({});
  expect(asked.mock.calls[1]).toEqual(asked.mock.calls[0]);
});

it("gives up in the end, with the server's words", async () => {
  const asked = answering();
  const answer = expect(call("GET", "/api/inbox")).rejects.toThrow("Wait 2 seconds");
  await vi.advanceTimersByTimeAsync(60_000);
  await answer;
  expect(asked).toHaveBeenCalledTimes(4);
});

it.each([["3600"], ["soon"], [null]])("does not wait for %s", async (seconds) => {
  const asked = answering(() => tooOften(seconds));
  await expect(call("GET", "/api/inbox")).rejects.toMatchObject({ status: 429, code: "rate_limited" });
  expect(asked).toHaveBeenCalledTimes(1);
});

it("stops waiting for a call that nobody wants any more", async () => {
  const asked = answering();
  const controller = new AbortController();
  const answer = expect(call("GET", "/api/inbox", { signal: controller.signal })).rejects.toMatchObject({ status: 429 });
  controller.abort();
  await vi.advanceTimersByTimeAsync(3_000);
  await answer;
  expect(asked).toHaveBeenCalledTimes(1);
});

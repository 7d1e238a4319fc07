import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { session } from "../src/session.svelte.ts";
import { serve } from "./server.ts";

const ADA = { id: "p1", email: "ada@example.com", name: "Ada", picture: null };

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("a page that opens while the server is away goes on by itself when it is back", async () => {
  let reachable = false;
  serve({ "GET /auth/session": () => (reachable ? { person: ADA } : Promise.reject(new TypeError("offline"))) });
  await session.load();
  expect(session.problem).toContain("cannot be reached");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(session.person).toBeNull();
  reachable = true;
  await vi.advanceTimersByTimeAsync(5_000);
  expect([session.person, session.problem]).toEqual([ADA, ""]);
});

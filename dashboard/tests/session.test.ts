import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { session } from "../src/session.svelte.ts";
import { recent } from "../src/shell/recent.ts";
import { Draft } from "../src/store/draft.svelte.ts";
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

it("whoever signs in after another finds nothing of theirs, and the same person what they left", async () => {
  const signedIn = async (person: typeof ADA): Promise<string> => {
    serve({ "GET /auth/session": () => ({ person }) });
    await session.load();
    return new Draft("w1/t1").text;
  };
  await signedIn(ADA);
  recent.add("task t1");
  new Draft("w1/t1").prepend("half a thought", []);
  expect([await signedIn(ADA), recent.ids()]).toEqual(["half a thought", ["task t1"]]);
  expect([await signedIn({ ...ADA, id: "p2" }), recent.ids()]).toEqual(["", []]);
  expect(await signedIn(ADA)).toBe("");
});

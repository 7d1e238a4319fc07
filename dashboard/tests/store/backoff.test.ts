import { expect, it, vi } from "vitest";
import { Backoff } from "../../src/store/backoff.ts";

it("a pause that was ended before it began listens to nothing", async () => {
  const looks = new EventTarget();
  const listens = [vi.spyOn(window, "addEventListener"), vi.spyOn(looks, "addEventListener")];
  await new Backoff(looks).pause(AbortSignal.abort());
  expect(listens.map((one) => one.mock.calls.length)).toEqual([0, 0]);
});

it("a pause ends when the person looks", async () => {
  const looks = new EventTarget();
  const pause = new Backoff(looks).pause(new AbortController().signal);
  looks.dispatchEvent(new Event("look"));
  await pause;
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "../../src/api/http.ts";
import { Part } from "../../src/store/part.svelte.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const MINUTE = 60_000;
const away = new Problem(0, { detail: "Handrail cannot be reached." });

function failing(times: number, error: Problem): { part: Part; load: ReturnType<typeof vi.fn> } {
  const load = vi.fn(() => Promise.resolve());
  for (let time = 0; time < times; time += 1) load.mockRejectedValueOnce(error);
  return { part: new Part(load), load };
}

describe("a part", () => {
  it("is asked for again by itself until the server can be reached", async () => {
    const { part, load } = failing(3, away);
    part.use();
    await vi.advanceTimersByTimeAsync(0);
    expect([part.loaded, part.problem]).toEqual([false, "Handrail cannot be reached."]);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect([part.loaded, part.problem, load.mock.calls.length]).toEqual([true, "", 4]);
  });

  it.each([403, 404, 422])("is not asked for again when the server refused it with %i", async (status) => {
    const { part, load } = failing(1, new Problem(status, {}));
    part.use();
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect([part.missing, load.mock.calls.length]).toEqual([status === 404, 1]);
  });

  it("is not asked for again when nobody looks, but when somebody does", async () => {
    const { part, load } = failing(1, away);
    const leave = part.use();
    await vi.advanceTimersByTimeAsync(0);
    leave();
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(load).toHaveBeenCalledTimes(1);
    part.use();
    await vi.advanceTimersByTimeAsync(0);
    expect([part.loaded, load.mock.calls.length]).toEqual([true, 2]);
  });
});

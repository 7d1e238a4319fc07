import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Task } from "../../src/api/types.ts";
import { MOST_SEARCHED, TaskSearch } from "../../src/shell/task-search.svelte.ts";
import { task } from "../store/events.ts";

interface Asked {
  url: string;
  signal: AbortSignal;
  answer: (items: Task[]) => void;
}

let asked: Asked[] = [];

beforeEach(() => {
  asked = [];
  vi.useFakeTimers();
  vi.stubGlobal("fetch", (url: string, { signal }: { signal: AbortSignal }) => {
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
      asked.push({ url, signal, answer: (items) => resolve(Response.json({ items, next_cursor: null, seq: 1 })) });
    });
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const workspaces = (): string[] => asked.map(({ url }) => url.split("/")[3] ?? "");
const pause = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1_000);

describe("the search over tasks", () => {
  it("waits until the typing pauses, and asks the workspace at hand before the others", async () => {
    const search = new TaskSearch();
    search.look("pa", ["here", "there"]);
    search.look("pay", ["here", "there"]);
    expect(asked).toEqual([]);
    await pause();
    expect(workspaces()).toEqual(["here"]);
    expect(asked[0]?.url).toContain("q=pay");
    asked[0]?.answer([task("t1", 1)]);
    await pause();
    expect(workspaces()).toEqual(["here", "there"]);
    asked[1]?.answer([task("t2", 1)]);
    await pause();
    expect(search.found.map(({ id }) => id)).toEqual(["t1", "t2"]);
    expect(search.busy).toBe(false);
  });

  it("ends when something else is typed, and takes no late answer", async () => {
    const search = new TaskSearch();
    search.look("first", ["here"]);
    await pause();
    search.look("second", ["here"]);
    expect(asked[0]?.signal.aborted).toBe(true);
    asked[0]?.answer([task("late", 1)]);
    await pause();
    expect(search.found).toEqual([]);
    expect(search.incomplete).toBe(false);
  });

  it("asks nothing for a letter, nor more workspaces than can be asked quickly", async () => {
    const search = new TaskSearch();
    search.look("p", ["here"]);
    await pause();
    expect(asked).toEqual([]);
    search.look("pay", Array.from({ length: 100 }, (_, n) => `w${n}`));
    for (let answered = 0; answered < 100; answered += 1) {
      await pause();
      asked[answered]?.answer([]);
    }
    expect(asked).toHaveLength(MOST_SEARCHED);
    expect(search.busy).toBe(false);
  });

  it("says that it is incomplete when a workspace does not answer", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("offline")));
    const search = new TaskSearch();
    search.look("pay", ["here"]);
    await pause();
    expect([search.incomplete, search.busy]).toEqual([true, false]);
  });
});

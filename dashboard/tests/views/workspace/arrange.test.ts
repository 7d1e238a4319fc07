import { describe, expect, it } from "vitest";
import type { Task } from "../../../src/api/types.ts";
import type { WorkspaceFilter } from "../../../src/addresses.ts";
import { inColumns, inListOrder, isFiltered, named, statusesOf } from "../../../src/views/workspace/arrange.ts";
import { task } from "../../store/events.ts";

const EVERYTHING: WorkspaceFilter = { view: "list", statuses: null, assignee: null, waiting: false, q: "" };
const ids = (tasks: Task[] | undefined): string[] => (tasks ?? []).map(({ id }) => id);
const waiting = (since: string): Partial<Task> => ({ waiting: { since, kind: "question" } });

describe("what a filter names", () => {
  it("is what is open in a list, and everything on a board or to who looks for a word", () => {
    expect(statusesOf(EVERYTHING)).toEqual(["notstarted", "ongoing", "blocked"]);
    expect(statusesOf({ ...EVERYTHING, view: "board" })).toHaveLength(5);
    expect(statusesOf({ ...EVERYTHING, q: "word" })).toHaveLength(5);
    expect(statusesOf({ ...EVERYTHING, q: "word", statuses: ["blocked"] })).toEqual(["blocked"]);
  });

  it("is by status, assignee, whether it waits, and words of title or body in any case", () => {
    const tasks = [
      task("a", 1, { title: "Fix the LOGIN" }),
      task("b", 1, { body: "the login is slow", assignee: "human", ...waiting("2026-11-20T10:00:00Z") }),
      task("c", 1, { status: "completed", title: "Login page" }),
      task("d", 1, { title: "Other" }),
    ];
    expect(ids(named(tasks, { ...EVERYTHING, q: " login " }))).toEqual(["a", "b", "c"]);
    expect(ids(named(tasks, { ...EVERYTHING, assignee: "human" }))).toEqual(["b"]);
    expect(ids(named(tasks, { ...EVERYTHING, waiting: true }))).toEqual(["b"]);
    expect(ids(named(tasks, { ...EVERYTHING, statuses: ["completed"] }))).toEqual(["c"]);
  });

  it("is everything as long as nothing was chosen, whichever way one looks at it", () => {
    expect(isFiltered({ ...EVERYTHING, view: "board" })).toBe(false);
    expect(isFiltered({ ...EVERYTHING, waiting: true })).toBe(true);
  });
});

describe("the order of tasks", () => {
  it("in a list begins with the longest wait, then the newest", () => {
    const tasks = [
      task("1", 1, { created_at: "2026-11-01T00:00:00Z" }),
      task("2", 1, { created_at: "2026-11-02T00:00:00Z", ...waiting("2026-11-09T00:00:00Z") }),
      task("3", 1, { created_at: "2026-11-03T00:00:00Z" }),
      task("4", 1, { created_at: "2026-11-04T00:00:00Z", ...waiting("2026-11-08T00:00:00Z") }),
      task("5", 1, { created_at: "2026-11-03T00:00:00Z" }),
    ];
    expect(ids(inListOrder(tasks))).toEqual(["4", "2", "5", "3", "1"]);
  });

  it("in open columns is that of their positions, in closed ones what was closed last", () => {
    const tasks = [
      task("b", 1, { position: 2 }),
      task("a", 1, { position: 2 }),
      task("c", 1, { position: 1.5 }),
      task("x", 1, { position: 3, status: "completed" }),
      task("y", 1, { position: 9, status: "completed" }),
      task("z", 1, { status: "rejected" }),
    ];
    const columns = inColumns(tasks, ["notstarted", "ongoing", "completed"]);
    expect([...columns.keys()]).toEqual(["notstarted", "ongoing", "completed"]);
    expect(ids(columns.get("notstarted"))).toEqual([]);
    expect(ids(columns.get("ongoing"))).toEqual(["c", "a", "b"]);
    expect(ids(columns.get("completed"))).toEqual(["y", "x"]);
  });
});

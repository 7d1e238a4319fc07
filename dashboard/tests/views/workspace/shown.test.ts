import { SvelteMap } from "svelte/reactivity";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Task } from "../../../src/api/types.ts";
import type { WorkspaceFilter } from "../../../src/addresses.ts";
import { Collection } from "../../../src/store/collection.ts";
import { WorkspaceStore } from "../../../src/store/workspace-store.ts";
import { ShownTasks } from "../../../src/views/workspace/shown.svelte.ts";
import { event, task } from "../../store/events.ts";

const EVERYTHING: WorkspaceFilter = { view: "board", statuses: null, assignee: null, waiting: false, q: "" };
const ids = (tasks: Task[] | undefined): string[] => (tasks ?? []).map(({ id }) => id);

/** A server with more closed tasks than fit on a page; gives what it was asked. */
function server(pages: Record<string, Task[][]>): { asked: string[]; hold: () => () => void } {
  const asked: string[] = [];
  let gate = Promise.resolve();
  vi.stubGlobal("fetch", async (url: string) => {
    const query = new URL(url, "https://handrail.example").searchParams;
    const cursor = Number(query.get("cursor") ?? 0);
    const name = [query.get("status"), query.get("assignee"), query.get("q")].filter(Boolean).join(" ");
    asked.push(cursor ? `${name} #${cursor}` : name);
    await gate;
    const items = pages[name]?.[cursor] ?? [];
    const next_cursor = cursor + 1 < (pages[name]?.length ?? 0) ? String(cursor + 1) : null;
    return Response.json({ items, next_cursor, seq: 1 });
  });
  return {
    asked,
    hold: () => {
      let open = (): void => {};
      gate = new Promise((resolve) => (open = resolve));
      return () => open();
    },
  };
}

const closed = (id: string, position: number, changes: Partial<Task> = {}): Task =>
  task(id, 1, { status: "completed", position, ...changes });

const address = new SvelteMap<"filter", WorkspaceFilter>();
const show = (filter: Partial<WorkspaceFilter>): void => void address.set("filter", { ...EVERYTHING, ...filter });
let store: WorkspaceStore;
let shown: ShownTasks;

beforeEach(() => {
  show({});
  store = new WorkspaceStore("w1", new Collection());
  store.log.advanceTo(1);
  shown = new ShownTasks(store, () => address.get("filter")!);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const used = async (): Promise<void> => {
  shown.use();
  await vi.waitFor(() => expect(shown.loaded).toBe(true));
};

describe("the tasks that are shown", () => {
  it("are all open ones, and the closed ones by page, each assignee from the last closed", async () => {
    const { asked } = server({
      "notstarted,ongoing,blocked": [[task("a", 1)], [task("b", 1, { position: 2 })]],
      "completed human": [[closed("c9", 9, { assignee: "human" })], [closed("c1", 1, { assignee: "human" })]],
      "completed agent": [[closed("c7", 7)]],
    });
    await used();
    expect(asked).toContain("notstarted,ongoing,blocked #1");
    expect(asked).not.toContain("completed human #1");
    expect(ids(shown.columns.get("ongoing"))).toEqual(["a", "b"]);
    expect(shown.isCut("completed")).toBe(true);
    await shown.showMore("completed");
    expect(ids(shown.columns.get("completed"))).toEqual(["c9", "c7", "c1"]);
    expect(shown.isCut("completed")).toBe(false);
  });

  it("leave no gap among closed ones: what is beyond the pages that are here comes with its page", async () => {
    server({ "completed agent": [[closed("c9", 9), closed("c8", 8)], [closed("c2", 2)]] });
    await used();
    store.log.receive(event(2, "task.updated", { task: closed("c2", 2) }));
    store.log.receive(event(3, "task.updated", { task: closed("c10", 10) }));
    expect(ids(shown.columns.get("completed"))).toEqual(["c10", "c9", "c8"]);
  });

  it("come from fewer questions where the filter asks for less", async () => {
    const { asked } = server({});
    show({ view: "list", assignee: "human" });
    await used();
    expect(asked).toEqual(["notstarted,ongoing,blocked"]);
    show({ view: "list", assignee: "human", statuses: ["rejected"] });
    await used();
    expect(asked).toEqual(["notstarted,ongoing,blocked", "rejected human"]);
  });

  it("tell how far sub-tasks are, once all tasks are here", async () => {
    server({
      "notstarted,ongoing,blocked": [[task("p", 1), task("s1", 1, { parent_id: "p" })]],
      "completed agent": [[closed("s2", 2, { parent_id: "p" })]],
    });
    expect(shown.knowsAll).toBe(false);
    await used();
    expect(shown.knowsAll).toBe(true);
    expect(shown.families.get("p")).toEqual({ open: 1, closed: 1 });
  });
});

describe("the search", () => {
  const more = { "completed agent": [[closed("c9", 9, { title: "invoice" })], [closed("c1", 1)]] };

  it("is done at once where everything is here", async () => {
    const { asked } = server({ "notstarted,ongoing,blocked": [[task("a", 1, { title: "the invoice" }), task("b", 1)]] });
    await used();
    asked.length = 0;
    show({ q: "Invoice" });
    shown.search();
    expect(shown.searching).toBe(false);
    expect(ids(shown.matching)).toEqual(["a"]);
    expect(asked).toEqual([]);
  });

  it("asks the server for what is not here when the typing rests, and says that it does", async () => {
    const { asked } = server({ ...more, "completed invoice": [[closed("c9", 9, { title: "invoice" }), closed("c1", 1, { title: "old invoice" })]] });
    await used();
    asked.length = 0;
    vi.useFakeTimers();
    for (const q of ["in", "invo", "invoice"]) {
      show({ q });
      const stop = shown.search();
      expect(shown.searching).toBe(true);
      expect(ids(shown.matching)).toEqual(["c9"]);
      if (q !== "invoice") stop?.();
    }
    await vi.advanceTimersByTimeAsync(1_000);
    shown.heard();
    expect(asked).toEqual(["completed invoice"]);
    expect(shown.searching).toBe(false);
    expect(ids(shown.matching).sort()).toEqual(["c1", "c9"]);
  });

  it("does not take an answer to an older question for the end of the search", async () => {
    const { hold } = server({ ...more, "completed old": [[]], "completed new": [[closed("c2", 2, { title: "new" })]] });
    await used();
    vi.useFakeTimers();
    const answer = hold();
    show({ q: "old" });
    const stop = shown.search();
    await vi.advanceTimersByTimeAsync(1_000);
    show({ q: "new" });
    stop?.();
    shown.search();
    answer();
    await vi.advanceTimersByTimeAsync(10);
    shown.heard();
    expect(shown.searching).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
    shown.heard();
    expect(shown.searching).toBe(false);
    expect(ids(shown.matching)).toEqual(["c2"]);
  });
});

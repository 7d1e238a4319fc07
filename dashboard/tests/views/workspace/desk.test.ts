import { SvelteMap } from "svelte/reactivity";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Status, Task } from "../../../src/api/types.ts";
import type { WorkspaceFilter } from "../../../src/addresses.ts";
import { announcer } from "../../../src/shell/announcer.svelte.ts";
import { commands } from "../../../src/shell/commands.svelte.ts";
import { live } from "../../../src/store/live.svelte.ts";
import { Desk } from "../../../src/views/workspace/desk.svelte.ts";
import { menuActions } from "../../../src/views/workspace/menu.ts";
import { tasksCommands } from "../../../src/views/workspace/offers.ts";
import { task, workspace } from "../../store/events.ts";

const BOARD: WorkspaceFilter = { view: "board", statuses: null, assignee: null, waiting: false, q: "" };
const address = new SvelteMap<"filter", WorkspaceFilter>();
let sent: Record<string, unknown>;
let desk: Desk;
let number = 0;
let id: string;

const log = (): ReturnType<typeof live.store>["log"] => live.store(id).log;
const put = (name: string, status: Status, position: number, changes: Partial<Task> = {}): void =>
  log().tasks.put(task(name, 1, { workspace_id: id, status, position, title: name, ...changes }), 1);
const the = (name: string): Task => log().tasks.get(name)!;
const column = (status: Status): string[] => (desk.shown.columns.get(status) ?? []).map((one) => one.id);

beforeEach(() => {
  id = `desk${(number += 1)}`;
  sent = {};
  address.set("filter", BOARD);
  live.workspaces.put(workspace({ id }), 1);
  vi.stubGlobal("fetch", (url: string, { body }: RequestInit) => {
    const name = url.split("/").at(-1)!;
    const change = JSON.parse(body as string) as Partial<Task>;
    sent[name] = change;
    return Promise.resolve(Response.json({ ...log().tasks.confirmed(name)!, ...change, version: 2 }));
  });
  desk = new Desk(id, () => address.get("filter")!);
  for (const [place, name] of ["a", "b", "c"].entries()) put(name, "notstarted", place + 1);
  put("d", "ongoing", 4, { assignee: "human" });
  put("e", "completed", 5);
});
afterEach(() => vi.unstubAllGlobals());

describe("a card", () => {
  it("that is put to another place is there at once, and said to be", async () => {
    const done = desk.place(the("c"), "notstarted", 1);
    expect(column("notstarted")).toEqual(["a", "c", "b"]);
    expect(announcer.text).toBe("Moved to Not started, position 2 of 3");
    await done;
    expect(sent).toEqual({ c: { position: 1.5 } });
  });

  it("finds its place beside one that is still on its way", async () => {
    const first = desk.place(the("b"), "notstarted", 2);
    const second = desk.place(the("a"), "notstarted", 2);
    expect(column("notstarted")).toEqual(["c", "b", "a"]);
    await Promise.all([first, second]);
    expect(column("notstarted")).toEqual(["c", "b", "a"]);
  });

  it("that is put to another column goes with status and position in one change", async () => {
    await desk.place(the("a"), "ongoing", 1);
    expect(sent).toEqual({ a: { status: "ongoing", position: 5 } });
  });

  it("that is put to a closed column takes the place that closing gives it", async () => {
    await desk.place(the("a"), "completed", 0);
    expect(sent).toEqual({ a: { status: "completed" } });
  });

  it("that is put where it is does not move", async () => {
    await desk.place(the("b"), "notstarted", 1);
    expect(sent).toEqual({});
  });

  it("does not jump over those that the filter hides", async () => {
    put("b", "notstarted", 2, { assignee: "human", version: 2 });
    address.set("filter", { ...BOARD, assignee: "agent" });
    expect(column("notstarted")).toEqual(["a", "c"]);
    put("z", "notstarted", 9);
    await desk.place(the("z"), "notstarted", 1);
    // After a, before the hidden b.
    expect(sent).toEqual({ z: { position: 1.5 } });
  });

  it("steps to the next column that it may go to, past those that it may not", async () => {
    await desk.step("d", "right");
    expect(the("d").status).toBe("blocked");
    await desk.step("d", "right");
    expect(the("d").status).toBe("completed");
    await desk.step("d", "left");
    expect(the("d").status).toBe("ongoing");
    await desk.step("d", "left");
    expect([the("d").status, announcer.text]).toEqual(["ongoing", "From Ongoing it cannot move to the left"]);
  });

  it("stays where a step would lead out of the column, and among closed ones", async () => {
    await desk.step("a", "up");
    await desk.step("c", "down");
    await desk.step("e", "first");
    expect(sent).toEqual({});
    expect(announcer.text).toBe("Closed tasks stand in the order in which they were closed");
  });
});

describe("what a command acts on", () => {
  it("is what is chosen, or else the one that the keyboard is on, as long as it is shown", () => {
    expect(desk.subject).toEqual([]);
    desk.enter("a");
    expect(desk.subject.map((one) => one.id)).toEqual(["a"]);
    desk.selection.choose(["b", "d"]);
    expect(desk.subject.map((one) => one.id)).toEqual(["b", "d"]);
    desk.selection.clear();
    address.set("filter", { ...BOARD, statuses: ["ongoing"] });
    expect(desk.subject).toEqual([]);
  });

  it("moves only to where all of it may go", () => {
    expect(desk.targets([the("a"), the("d")])).toEqual(["completed", "rejected"]);
    expect(desk.targets([the("a"), the("e")])).toEqual(["ongoing"]);
  });

  it("is completed as far as it may be, and opened again when all of it is closed", async () => {
    await desk.complete([the("a"), the("e")]);
    expect(sent).toEqual({ a: { status: "completed" } });
    await desk.complete([the("a"), the("e")]);
    expect(sent).toEqual({ a: { status: "ongoing" }, e: { status: "ongoing" } });
  });

  it("goes to a person, and to the agents only if a person has all of it", async () => {
    await desk.passOn([the("a"), the("d")]);
    expect(sent).toEqual({ a: { assignee: "human" } });
    await desk.passOn([the("a"), the("d")]);
    expect(sent).toEqual({ a: { assignee: "agent" }, d: { assignee: "agent" } });
  });

  it("can only be read in an archived workspace", () => {
    live.workspaces.put(workspace({ id, version: 2, archived_at: "2026-11-20T10:00:00Z" }), 2);
    desk.enter("a");
    expect(desk.targets([the("a")])).toEqual([]);
    desk.askMove([the("a")], document.body);
    desk.askDelete([the("a")]);
    expect([desk.moving, desk.deleting]).toEqual([null, []]);
    const offered = tasksCommands(desk, { search: vi.fn(), newTask: vi.fn() }).map((one) => one.id);
    expect(offered).toEqual(["tasks.search", "tasks.view", "tasks.next", "tasks.previous", "task.open"]);
  });
});

describe("what the desk offers", () => {
  it("has no two commands on one key", () => {
    desk.enter("a");
    const stop = commands.offer(() => tasksCommands(desk, { search: vi.fn(), newTask: vi.fn() }));
    const keys = commands.all.flatMap((command) => command.keys ?? []);
    expect(new Set(keys).size).toBe(keys.length);
    stop();
  });

  it("leaves places in a column out of the menu where there is no order to choose", () => {
    const titles = (tasks: Task[]): string[] => menuActions(desk, tasks).flat().map((action) => action.title);
    expect(titles([the("a")])).toContain("Move to the top");
    expect(titles([the("e")])).not.toContain("Move to the top");
    expect(titles([the("a"), the("b")])).toEqual(["Give to a person", "Delete…"]);
  });
});

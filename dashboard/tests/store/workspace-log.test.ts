import { beforeEach, describe, expect, it } from "vitest";
import type { LogEvent, Workspace } from "../../src/api/types.ts";
import { Collection } from "../../src/store/collection.ts";
import { WorkspaceLog } from "../../src/store/workspace-log.ts";
import { event, message, task, workspace } from "./events.ts";

const HISTORY: LogEvent[] = [
  event(1, "task.created", { task: task("t1", 1) }),
  event(2, "reply.received", { message: message("m1", "t1"), task: task("t1", 2) }),
  event(3, "task.created", { task: task("t2", 1) }),
  event(4, "status.updated", { task: task("t1", 3, { status: "completed" }) }),
  event(5, "reply.received", { message: message("m2", "t2"), task: task("t2", 2) }),
  event(6, "task.deleted", { task: task("t2", 2) }),
];

let workspaces: Collection<Workspace>;
let log: WorkspaceLog;
let gaps: number;

beforeEach(() => {
  workspaces = new Collection();
  workspaces.put(workspace(), 0);
  log = followed(workspaces);
  gaps = 0;
  log.onGap = () => (gaps += 1);
});

/** A log of which somebody looks at both threads. */
function followed(of: Collection<Workspace>): WorkspaceLog {
  const made = new WorkspaceLog("w1", of);
  made.follow("t1");
  made.follow("t2");
  return made;
}

function state(of: WorkspaceLog): unknown {
  const byId = (a: { id: string }, b: { id: string }): number => a.id.localeCompare(b.id);
  return {
    cursor: of.cursor,
    tasks: of.tasks.values().sort(byId),
    messages: of.messages.values().sort(byId),
  };
}

function serverState(): unknown {
  const server = followed(new Collection());
  HISTORY.forEach((each) => server.receive(each));
  return state(server);
}

/** A seeded shuffle: a failure can be repeated. */
function shuffled<T>(items: T[], seed: number): T[] {
  let random = seed;
  const next = (): number => (random = (random * 48_271) % 2_147_483_647);
  return items.map((item) => ({ item, at: next() })).sort((a, b) => a.at - b.at).map(({ item }) => item);
}

describe("the log of a workspace", () => {
  it("holds what its events brought", () => {
    HISTORY.forEach((each) => log.receive(each));
    expect(log.tasks.values()).toEqual([task("t1", 3, { status: "completed" })]);
    expect(log.messages.values().map(({ id }) => id)).toEqual(["m1"]);
    expect(gaps).toBe(0);
  });

  it("applies an event that comes twice once", () => {
    const applied: number[] = [];
    log.onApplied = ({ seq }) => applied.push(seq);
    [...HISTORY, ...HISTORY].forEach((each) => log.receive(each));
    expect(applied).toEqual([1, 2, 3, 4, 5, 6]);
    expect(gaps).toBe(0);
    expect(state(log)).toEqual(serverState());
  });

  it("ends in the server's state in whatever order the events come", () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const late = followed(new Collection());
      shuffled([...HISTORY, ...HISTORY], seed).forEach((each) => late.receive(each));
      expect(state(late), `seed ${seed}`).toEqual(serverState());
    }
  });

  it("asks for a resync when an event is missing and applies nothing beyond the gap", () => {
    log.receive(HISTORY[0]!);
    log.receive(HISTORY[2]!);
    expect(gaps).toBe(1);
    expect(log.cursor).toBe(1);
    expect(log.tasks.get("t2")).toBeUndefined();
  });

  it("goes on after a resync with the events that had come early", () => {
    log.receive(HISTORY[0]!);
    log.receive(HISTORY[4]!);
    log.tasks.reconcile([task("t1", 3, { status: "completed" }), task("t2", 1)], 4, () => true);
    log.messages.put(message("m1", "t1"), 4);
    log.advanceTo(4);
    expect(log.cursor).toBe(5);
    expect(log.tasks.get("t2")?.version).toBe(2);
  });

  it("converges from a snapshot of any moment followed by the whole history", () => {
    for (let moment = 0; moment <= HISTORY.length; moment += 1) {
      const server = followed(new Collection());
      HISTORY.slice(0, moment).forEach((each) => server.receive(each));
      const client = followed(new Collection());
      client.tasks.reconcile(server.tasks.values(), moment, () => true);
      client.messages.reconcile(server.messages.values(), moment, () => true);
      client.advanceTo(moment);
      HISTORY.forEach((each) => client.receive(each));
      expect(state(client), `snapshot at ${moment}`).toEqual(serverState());
    }
  });

  it("does not bring a deleted task back with an older snapshot", () => {
    HISTORY.forEach((each) => log.receive(each));
    log.tasks.reconcile([task("t1", 2), task("t2", 2)], 5, () => true);
    expect(log.tasks.get("t2")).toBeUndefined();
    expect(log.tasks.get("t1")?.version).toBe(3);
  });

  it("moves on over event types that it does not know", () => {
    log.receive(event(1, "ticket.opened"));
    log.receive(event(2, "task.created", { task: task("t1", 1) }));
    expect(log.cursor).toBe(2);
    expect(log.tasks.get("t1")).toBeDefined();
    expect(gaps).toBe(0);
  });

  it("keeps the counts that events carry", () => {
    const counts = { ...workspace().counts, ongoing: 1, waiting: 1 };
    log.receive(event(1, "task.created", { task: task("t1", 1), counts }));
    expect(workspaces.get("w1")?.counts).toEqual(counts);
  });

  it("forgets a workspace that was deleted", () => {
    log.receive(event(1, "workspace.deleted", { workspace: workspace() }));
    expect(workspaces.get("w1")).toBeUndefined();
  });
});

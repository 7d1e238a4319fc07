import { describe, expect, it } from "vitest";
import type { Activity, Message } from "../../src/api/types.ts";
import { compact, deliveriesOf, entriesOf, startsDay } from "../../src/parts/thread-entries.ts";
import { ADA, BOT, message, permission, task } from "../store/events.ts";

const at = (time: string): string => `2026-11-20T${time}Z`;

function activity(id: string, time: string, changes: Partial<Activity> = {}): Activity {
  return {
    ...{ id, workspace_id: "w1", task_id: "t1", version: 1, at: at(time), actor: BOT, kind: "status" as const },
    ...{ before: "notstarted", after: "ongoing", ...changes },
  };
}

const said = (id: string, time: string): Message => ({ ...message(id, "t1"), created_at: at(time) });
const byPerson = (id: string): Message => ({ ...message(id, "t1"), sender: ADA });

describe("the entries of a thread", () => {
  it("stand in the order in which they happened, of every kind", () => {
    const entries = entriesOf(
      [said("m2", "10:03:00"), said("m1", "10:00:00")],
      [permission("r1", { created_at: at("10:01:00") })],
      [activity("a1", "10:02:00")],
    );
    expect(entries.map(({ id }) => id)).toEqual(["m1", "r1", "a1", "m2"]);
  });

  it("fold what one did in a row, and only that", () => {
    const entries = entriesOf(
      [said("m1", "10:03:00")],
      [],
      [
        activity("a1", "10:00:00"),
        activity("a2", "10:01:00"),
        activity("a3", "10:02:00", { actor: ADA }),
        activity("a4", "10:04:00", { actor: ADA }),
      ],
    );
    const folded = entries.map((entry) => (entry.kind === "changes" ? entry.changes.map(({ id }) => id) : entry.id));
    expect(folded).toEqual([["a1", "a2"], ["a3"], "m1", ["a4"]]);
  });

  it("tell once what was changed again and again", () => {
    const one = (id: string, kind: Activity["kind"], before: string | null, after: string | null): Activity =>
      activity(id, "10:00:00", { kind, before, after });
    const told = compact([
      one("a1", "body", null, null),
      one("a2", "body", null, null),
      one("a3", "title", "A", "B"),
      one("a4", "title", "B", "C"),
      one("a5", "status", "ongoing", "blocked"),
      one("a6", "status", "blocked", "ongoing"),
    ]);
    expect(told.map(({ id, before, after }) => [id, before, after])).toEqual([
      ["a2", null, null],
      ["a4", "A", "C"],
      ["a5", "ongoing", "blocked"],
      ["a6", "blocked", "ongoing"],
    ]);
  });

  it("begin a day where the one before them was of another", () => {
    const [first, second, third] = entriesOf([said("m1", "10:00:00"), said("m2", "11:00:00"), { ...said("m3", "10:00:00"), created_at: "2026-11-22T10:00:00Z" }], [], []);
    expect([startsDay(first!, undefined), startsDay(second!, first), startsDay(third!, second)]).toEqual([true, false, true]);
  });
});

describe("the delivery of what people wrote", () => {
  const seen = { message_id: "m2", agent: { id: "a1", name: "laptop" }, at: at("10:00:00") };

  it("is told of the last that was seen and of the last that was not", () => {
    const thread = [byPerson("m1"), byPerson("m2"), message("m3", "t1"), byPerson("m4"), byPerson("m5")];
    expect([...deliveriesOf(thread, task("t1", 1, { seen }))]).toEqual([["m5", "waiting"], ["m2", "seen"]]);
    expect([...deliveriesOf(thread, task("t1", 1))]).toEqual([["m5", "waiting"]]);
  });

  it("goes by the newest message seen, though that was another's", () => {
    expect([...deliveriesOf([byPerson("m1"), byPerson("m3")], task("t1", 1, { seen }))]).toEqual([["m3", "waiting"], ["m1", "seen"]]);
  });

  it("is not told where no agent has anything to do with it", () => {
    expect(deliveriesOf([byPerson("m1")], task("t1", 1, { assignee: "human" })).size).toBe(0);
  });
});

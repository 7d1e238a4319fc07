import { describe, expect, it } from "vitest";
import type { InboxItem } from "../../src/api/types.ts";
import { inboxAfter, inboxFrom, keyOf } from "../../src/store/inbox-items.ts";
import { event, permission, question, task, workspace } from "./events.ts";

const keys = (items: InboxItem[]): string[] => items.map(keyOf);
const EARLY = "2026-11-20T09:00:00Z";
const LATE = "2026-11-20T11:00:00Z";

describe("the inbox", () => {
  it("takes in a question, oldest first", () => {
    const waiting = { since: EARLY, kind: "question" } as const;
    const asked = event(2, "reply.received", { task: task("t2", 2, { waiting }) });
    expect(keys(inboxAfter([question("t1", LATE)], asked, workspace()))).toEqual(["task t2", "task t1"]);
  });

  it("lets a question go that someone answered", () => {
    const answered = event(2, "reply.received", { task: task("t1", 2) });
    expect(inboxAfter([question("t1", EARLY)], answered, workspace())).toEqual([]);
  });

  it("lets a question go with its deleted task", () => {
    const deleted = event(2, "task.deleted", { task: question("t1", EARLY).task! });
    expect(inboxAfter([question("t1", EARLY)], deleted, workspace())).toEqual([]);
  });

  it("shows a permission request until it is decided, however often it is told", () => {
    const asked = event(2, "permission.requested", { permission: permission("r1") });
    const twice = inboxAfter(inboxAfter([], asked, workspace()), asked, workspace());
    expect(keys(twice)).toEqual(["permission r1"]);
    const decided = event(3, "permission.decided", { permission: permission("r1", { status: "denied", version: 2 }) });
    expect(inboxAfter(twice, decided, workspace())).toEqual([]);
  });

  it("does not list a task beside the permission that it waits for", () => {
    const waiting = { since: EARLY, kind: "permission" } as const;
    const asked = event(2, "permission.requested", { permission: permission("r1"), task: task("t1", 2, { waiting }) });
    expect(keys(inboxAfter([], asked, workspace()))).toEqual(["permission r1"]);
  });

  it("believes a snapshot about what it has followed no further than that", () => {
    const snapshot = { items: [question("t2", EARLY)], next_cursor: null, seqs: { w1: 5 } };
    expect(keys(inboxFrom(snapshot, [question("t1", EARLY)], () => 5))).toEqual(["task t2"]);
  });

  it("does not let a late snapshot undo newer events", () => {
    const snapshot = { items: [question("t1", EARLY)], next_cursor: null, seqs: { w1: 5 } };
    expect(inboxFrom(snapshot, [], () => 6)).toEqual([]);
  });
});

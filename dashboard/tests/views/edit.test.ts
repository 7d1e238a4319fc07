import { flushSync } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Task } from "../../src/api/types.ts";
import { live } from "../../src/store/live.svelte.ts";
import { Edit, isBegun } from "../../src/views/task/edit.svelte.ts";
import { problem, serve } from "../server.ts";
import { task } from "../store/events.ts";

const PATCH = "PATCH /api/workspaces/w1/tasks/t1";
let now: Task;

beforeEach(() => {
  localStorage.clear();
  now = task("t1", 1, { title: "Old title", body: "Old body" });
});
afterEach(() => vi.unstubAllGlobals());

const begin = (): Edit => new Edit(() => now);

describe("an edit of a task", () => {
  it("goes on after a reload, until it is saved or left", async () => {
    begin().title = "New title";
    expect(isBegun(now)).toBe(true);
    const again = begin();
    expect([again.title, again.body]).toEqual(["New title", "Old body"]);
    serve({ [PATCH]: () => task("t1", 2) });
    await again.save();
    expect(isBegun(now)).toBe(false);
  });

  it("follows what others write where nothing was typed", () => {
    const edit = begin();
    edit.title = "New title";
    now = { ...now, version: 2, body: "Their body" };
    flushSync();
    expect([edit.title, edit.body, edit.isOvertaken]).toEqual(["New title", "Their body", false]);
  });

  it("shows what others wrote beside what was typed, and loses neither", () => {
    const edit = begin();
    edit.body = "My body";
    now = { ...now, version: 2, body: "Their body" };
    expect([edit.body, edit.theirs("body"), edit.isOvertaken]).toEqual(["My body", "Their body", true]);
    edit.useTheirs("body");
    expect([edit.body, edit.theirs("body"), edit.isUnsaved]).toEqual(["Their body", null, false]);
  });

  it("sees no conflict where both wrote the same", () => {
    const edit = begin();
    edit.body = "The body";
    now = { ...now, version: 2, body: "The body" };
    expect([edit.isOvertaken, edit.isUnsaved]).toEqual([false, false]);
  });

  it("can be taken up again after it was discarded", () => {
    const edit = begin();
    edit.body = "My body";
    const back = edit.discard();
    expect(edit.body).toBe("Old body");
    back();
    expect(edit.body).toBe("My body");
  });

  /** The server's task is at version 2, and only what is meant for that is taken. */
  function overtaken(theirs: Partial<Task>): unknown[] {
    const current = { ...now, version: 2, ...theirs };
    const taken: unknown[] = [];
    serve({
      [PATCH]: (body) => {
        if ((body as Task).version !== 2) {
          live.store("w1").log.tasks.put(current, 1);
          now = current;
          return problem(409, { code: "version_conflict", detail: "It changed.", current });
        }
        taken.push(body);
        return task("t1", 3);
      },
    });
    return taken;
  }

  it("is not written over what somebody else wrote unseen, but over what was seen", async () => {
    const edit = begin();
    edit.body = "My body";
    const taken = overtaken({ body: "Their body" });
    await expect(edit.save()).rejects.toThrow("It changed.");
    expect([edit.theirs("body"), edit.body, taken]).toEqual(["Their body", "My body", []]);
    await edit.save();
    expect(taken).toEqual([{ title: "Old title", body: "My body", version: 2 }]);
  });

  it("is saved with what somebody else made of the other field", async () => {
    const edit = begin();
    edit.body = "My body";
    const taken = overtaken({ title: "Their title" });
    await edit.save();
    expect(taken).toEqual([{ title: "Their title", body: "My body", version: 2 }]);
  });
});

import { afterEach, describe, expect, it, vi } from "vitest";
import { Collection } from "../../src/store/collection.ts";
import { WorkspaceStore } from "../../src/store/workspace-store.ts";
import { problem, serve } from "../server.ts";
import { event, task, workspace } from "./events.ts";

afterEach(() => vi.unstubAllGlobals());

function opened(): WorkspaceStore {
  const store = new WorkspaceStore("w1", new Collection());
  store.log.advanceTo(1);
  return store;
}

describe("the store of a workspace", () => {
  it("takes what is in use from the server again after a gap, and goes on", async () => {
    let items = [task("t1", 1)];
    let seq = 1;
    serve({
      "GET /api/workspaces/w1": () => workspace({ seq }),
      "GET /api/workspaces/w1/tasks": () => ({ items, next_cursor: null, seq }),
    });
    const store = opened();
    const list = store.tasks({ statuses: ["ongoing"] });
    list.use();
    await vi.waitFor(() => expect(list.loaded).toBe(true));

    items = [task("t2", 1)];
    seq = 4;
    store.log.receive(event(5, "task.updated", { task: task("t2", 2) }));
    await vi.waitFor(() => expect(store.log.cursor).toBe(5));
    expect(store.log.tasks.values().map(({ id, version }) => [id, version])).toEqual([["t2", 2]]);
  });

  it("fetches what nobody looks at only when someone does", async () => {
    const requests = serve({
      "GET /api/workspaces/w1": () => workspace({ seq: 3 }),
      "GET /api/workspaces/w1/permission_rules": () => ({ items: [], next_cursor: null, seq: 3 }),
    });
    const store = opened();
    await store.resync();
    expect(requests.map(({ line }) => line)).toEqual(["GET /api/workspaces/w1"]);
    store.permissionRules.use();
    await vi.waitFor(() => expect(store.permissionRules.loaded).toBe(true));
  });

  it("gives up a resync of a workspace that is gone", async () => {
    const requests = serve({
      "GET /api/workspaces/w1": () => problem(404, { code: "not_found", detail: "There is no such workspace." }),
    });
    await opened().resync();
    expect(requests).toHaveLength(1);
  });

  it("fetches as many pages as were asked for", async () => {
    serve({
      "GET /api/workspaces/w1/tasks": () => ({ items: [task("t1", 1)], next_cursor: "more", seq: 1 }),
    });
    const list = opened().tasks({ statuses: ["ongoing"] });
    await list.refresh();
    expect(list.hasMore).toBe(true);
    const requests = serve({
      "GET /api/workspaces/w1/tasks": () => ({ items: [], next_cursor: requests.length < 2 ? "more" : null, seq: 1 }),
    });
    await list.more();
    expect(requests).toHaveLength(2);
    expect(list.hasMore).toBe(false);
  });

  it("says why a part could not be fetched, and that it is missing", async () => {
    serve({
      "GET /api/workspaces/w1/tasks/t9": () => problem(404, { code: "not_found", detail: "There is no such task." }),
    });
    const part = opened().task("t9");
    await part.refresh();
    expect(part.problem).toBe("There is no such task.");
    expect(part.missing).toBe(true);
  });

  describe("after a long day", () => {
    const DAY = 1_000;

    /** Tasks come and are completed, one after the other. */
    function live(store: WorkspaceStore): void {
      store.log.onApplied = () => store.applied();
      for (let number = 1; number <= DAY; number += 1) {
        const seq = 2 * number;
        store.log.receive(event(seq, "task.created", { task: task(`t${number}`, 1) }));
        store.log.receive(event(seq + 1, "status.updated", { task: task(`t${number}`, 2, { status: "completed" }) }));
      }
    }

    it("keeps no more than a few of the closed tasks that nobody looks at", () => {
      const store = opened();
      live(store);
      expect(store.log.tasks.values().length).toBeLessThan(DAY / 5);
    });

    it("keeps those that a list shows, and has them again when one comes back", async () => {
      const requests = serve({
        "GET /api/workspaces/w1/tasks": () => ({ items: [task("t1", 2, { status: "completed" })], next_cursor: null, seq: 1 }),
      });
      const store = opened();
      const done = store.tasks({ statuses: ["completed"] }).use();
      live(store);
      expect(store.log.tasks.values()).toHaveLength(DAY);
      done();
      for (let seq = 2 * DAY + 2; seq <= 2 * DAY + 201; seq += 1) store.log.receive(event(seq, "agent.connected"));
      expect(store.log.tasks.values()).toEqual([]);
      const before = requests.length;
      store.tasks({ statuses: ["completed"] }).use();
      await vi.waitFor(() => expect(requests.length).toBe(before + 1));
    });

    it("keeps the one that is open on a page", async () => {
      serve({ "GET /api/workspaces/w1/tasks/t5": () => task("t5", 1) });
      const store = opened();
      store.task("t5").use();
      live(store);
      expect(store.log.tasks.get("t5")?.status).toBe("completed");
    });
  });
});

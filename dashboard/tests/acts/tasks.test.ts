import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { changeAll, move, moveAll, removeAll } from "../../src/acts/tasks.ts";
import type { Task } from "../../src/api/types.ts";
import { toasts } from "../../src/shell/toasts.svelte.ts";
import { live } from "../../src/store/live.svelte.ts";
import { problem, serve } from "../server.ts";
import { task } from "../store/events.ts";

let sent: { id: string; body: unknown }[];

/** Answers every change as the server does; `refused` are those that it does not take. */
function server(refused: string[] = []): void {
  const answers: Record<string, (body: unknown) => unknown> = {};
  for (const id of ["a", "b", "c"]) {
    const line = `/api/workspaces/w1/tasks/${id}`;
    answers[`PATCH ${line}`] = (body) => {
      sent.push({ id, body });
      if (refused.includes(id)) return problem(409, { code: "illegal_transition", detail: "It is closed." });
      return { ...known(id), ...(body as Partial<Task>), version: known(id).version + 1 };
    };
    answers[`DELETE ${line}`] = () => (refused.includes(id) ? problem(409, { detail: "Not now." }) : new Response(null, { status: 204 }));
  }
  serve(answers);
}

const { log } = live.store("w1");
const known = (id: string): Task => log.tasks.confirmed(id)!;
const shown = (id: string): Task => log.tasks.get(id)!;

beforeEach(() => {
  sent = [];
  toasts.shown = [];
  for (const [place, id] of ["a", "b", "c"].entries()) {
    const version = (log.tasks.confirmed(id)?.version ?? 0) + 1;
    log.tasks.put(task(id, version, { position: place + 1, title: id }), 1);
  }
});
afterEach(() => vi.unstubAllGlobals());

describe("changes of tasks", () => {
  it("show before the server has answered", async () => {
    server();
    const done = move(shown("a"), { status: "blocked" });
    expect(shown("a").status).toBe("blocked");
    expect(known("a").status).toBe("ongoing");
    expect(await done).toBe(true);
    expect(known("a").status).toBe("blocked");
  });

  it("of several tasks have one way back", async () => {
    server();
    await moveAll([shown("a"), shown("b")], { status: "completed" });
    expect(toasts.shown.map(({ text }) => text)).toEqual(["2 tasks moved to completed"]);
    sent = [];
    toasts.undoLatest();
    await vi.waitFor(() => expect(shown("b").status).toBe("ongoing"));
    // Closing puts a task to the end of its column: it comes back to where it was.
    expect(sent).toEqual([
      { id: "a", body: { status: "ongoing", position: 1 } },
      { id: "b", body: { status: "ongoing", position: 2 } },
    ]);
  });

  it("that are refused go back, with one explanation, and the others stand", async () => {
    server(["a", "c"]);
    await moveAll([shown("a"), shown("b"), shown("c")], { status: "completed" });
    expect(["a", "b", "c"].map((id) => shown(id).status)).toEqual(["ongoing", "completed", "ongoing"]);
    expect(toasts.shown.map(({ text }) => text)).toEqual([
      "2 tasks stay as they were. It is closed.",
      "“b” moved to completed",
    ]);
  });

  it("of one task wait for each other, unless the page is left", async () => {
    const answers: (() => void)[] = [];
    const asked: RequestInit[] = [];
    let held = known("a");
    vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
      asked.push(init);
      held = { ...held, ...(JSON.parse(init.body as string) as Partial<Task>), version: held.version + 1 };
      const answer = Response.json(held);
      return new Promise((resolve) => answers.push(() => resolve(answer)));
    });
    const first = move(shown("a"), { status: "blocked" });
    const second = move(shown("a"), { position: 7 });
    await new Promise((resolve) => setTimeout(resolve));
    expect(asked.map(({ body }) => body)).toEqual(['{"status":"blocked"}']);
    window.dispatchEvent(new Event("pagehide"));
    await vi.waitFor(() => expect(asked.length).toBe(2));
    expect(asked[1]).toMatchObject({ body: '{"position":7}', keepalive: true });
    // The page was only hidden, and is back.
    window.dispatchEvent(new Event("pageshow"));
    answers.forEach((answer) => answer());
    expect(await Promise.all([first, second])).toEqual([true, true]);
    expect(shown("a")).toMatchObject({ status: "blocked", position: 7 });
  });

  it("show a closed task last in its column at once", async () => {
    server();
    const done = move(shown("a"), { status: "completed" });
    expect(shown("a").position).toBeGreaterThan(shown("c").position);
    await done;
  });

  it("may need no words", async () => {
    server();
    await changeAll([{ task: shown("a"), fields: { position: 7 } }], null);
    expect(shown("a").position).toBe(7);
    expect(toasts.shown).toEqual([]);
  });

  it("take tasks away for good, or bring them back when the server keeps them", async () => {
    server(["b"]);
    const gone = removeAll([shown("a"), shown("b")]);
    expect([log.tasks.get("a"), log.tasks.get("b")]).toEqual([undefined, undefined]);
    expect((await gone).map(({ id }) => id)).toEqual(["a"]);
    expect(log.tasks.get("a")).toBeUndefined();
    expect(shown("b").title).toBe("b");
    expect(toasts.shown.map(({ text }) => text)).toEqual(["“b” was not deleted. Not now.", "“a” deleted"]);
  });
});

import { cleanup, fireEvent, render, screen, within } from "@testing-library/svelte";
import { tick } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Task as TaskEntity } from "../../src/api/types.ts";
import { commands } from "../../src/shell/commands.svelte.ts";
import { toasts } from "../../src/shell/toasts.svelte.ts";
import { live } from "../../src/store/live.svelte.ts";
import Task from "../../src/views/Task.svelte";
import { problem, type Request } from "../server.ts";
import { ADA } from "../store/events.ts";
import { Shop } from "./shop.ts";

let shop: Shop;
const ONE = (): string => shop.at("tasks/t1");

beforeEach(() => {
  localStorage.clear();
  shop = new Shop();
});
afterEach(() => {
  cleanup();
  live.forget(shop.id);
  toasts.shown = [];
  history.replaceState(null, "", "/");
  vi.unstubAllGlobals();
});

async function shown(changes: Partial<TaskEntity>, answers: Parameters<Shop["waits"]>[1] = {}): Promise<Request[]> {
  const list = (items: unknown[]) => () => ({ items, next_cursor: null, seq: 1 });
  const task = shop.task("t1", 1, changes);
  const requests = await shop.waits([], {
    [`GET ${ONE()}`]: () => task,
    [`GET ${ONE()}/messages`]: list([]),
    [`GET ${ONE()}/activities`]: list([]),
    [`GET ${shop.at("permissions")}`]: list([]),
    [`GET ${shop.at("tasks")}`]: list([]),
    ...answers,
  });
  render(Task, { workspaceId: shop.id, taskId: "t1" });
  await screen.findByRole("heading", { level: 1 });
  await vi.waitFor(() => expect(live.store(shop.id).thread("t1").loaded).toBe(true));
  requests.length = 0;
  return requests;
}

const run = (id: string): unknown => commands.all.find((command) => command.id === id)!.run();
const status = (): HTMLSelectElement => screen.getByRole("combobox", { name: "Status" });

describe("the page of a task", () => {
  it("moves it at once, and back with the reason when the server refuses", async () => {
    let answer: (value: unknown) => void = () => {};
    await shown({ status: "ongoing" }, { [`PATCH ${ONE()}`]: () => new Promise((resolve) => (answer = resolve)) });
    await fireEvent.change(status(), { target: { value: "completed" } });
    expect(status().value).toBe("completed");
    await tick();
    answer(problem(409, { code: "illegal_transition", detail: "It has open parts." }));
    await vi.waitFor(() => expect(status().value).toBe("ongoing"));
    expect(toasts.shown[0]?.text).toMatch(/It has open parts\./);
  });

  it("shows what others change in it as it happens", async () => {
    await shown({ title: "Before" });
    await shop.happens("task.updated", { task: shop.task("t1", 2, { title: "After", status: "blocked", assignee: "human" }) });
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("After");
    expect(status().value).toBe("blocked");
    expect(screen.getByRole<HTMLSelectElement>("combobox", { name: "Assignee" }).value).toBe("human");
  });

  it("is edited in place, and does not write over what somebody else wrote meanwhile", async () => {
    const requests = await shown({ title: "Mine", body: "Old" }, { [`PATCH ${ONE()}`]: () => shop.task("t1", 3) });
    run("task.edit");
    const body = await screen.findByRole("textbox", { name: /^Description/ });
    await fireEvent.input(body, { target: { value: "My words" } });
    await shop.happens("task.updated", {
      task: shop.task("t1", 2, { title: "Mine", body: "Their words" }),
      activities: [{ id: "a1", workspace_id: shop.id, task_id: "t1", version: 1, at: "2026-11-20T10:00:00Z", actor: ADA, kind: "body", before: null, after: null }],
    });
    const theirs = screen.getByRole("group", { name: "Changed meanwhile" });
    expect(theirs.textContent).toMatch(/Ada changed this.*Their words/s);
    expect((body as HTMLTextAreaElement).value).toBe("My words");
    await fireEvent.click(screen.getByRole("button", { name: "Save mine instead" }));
    await vi.waitFor(() => expect(requests.map((request) => request.body)).toEqual([{ title: "Mine", body: "My words", version: 2 }]));
    await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByRole("heading", { level: 1 })));
  });

  it("offers what was typed again after Escape", async () => {
    await shown({ title: "Mine" });
    run("task.edit");
    await fireEvent.input(await screen.findByRole("textbox", { name: "Title" }), { target: { value: "Better" } });
    await fireEvent.keyDown(screen.getByRole("textbox", { name: "Title" }), { key: "Escape" });
    expect(screen.queryByRole("form", { name: "Edit task" })).toBeNull();
    toasts.undoLatest();
    await tick();
    expect(screen.getByRole<HTMLInputElement>("textbox", { name: "Title" }).value).toBe("Better");
  });

  it("is deleted only when that was said twice, and leads back to the workspace", async () => {
    const requests = await shown({}, { [`DELETE ${ONE()}`]: () => new Response(null, { status: 204 }) });
    await fireEvent.click(screen.getByRole("button", { name: "Delete task" }));
    expect(requests).toEqual([]);
    await fireEvent.click(screen.getByRole("button", { name: "Delete task now" }));
    await vi.waitFor(() => expect(requests.map(({ line }) => line)).toEqual([`DELETE ${ONE()}`]));
    expect(window.location.pathname).toBe(`/w/${shop.id}`);
  });

  it("lists its parts and how far they are, and leads to what it is a part of", async () => {
    const parts = [shop.task("t2", 1, { parent_id: "t1", title: "One", status: "completed" }), shop.task("t3", 1, { parent_id: "t1", title: "Two", position: 2 })];
    await shown({ parent_id: "t0" }, {
      [`GET ${shop.at("tasks")}`]: () => ({ items: parts, next_cursor: null, seq: 1 }),
      [`GET ${shop.at("tasks/t0")}`]: () => shop.task("t0", 1, { title: "The whole" }),
    });
    const list = await screen.findByRole("list", { name: "Sub-tasks" });
    expect(within(list).getAllByRole("link").map((link) => link.textContent)).toEqual(["One", "Two"]);
    expect(screen.getByText("1 of 2 done")).toBeTruthy();
    expect((await screen.findByRole("link", { name: "The whole" })).getAttribute("href")).toBe(`/w/${shop.id}/t/t0`);
  });

  it("offers by key what can be done with it", async () => {
    await shown({ status: "completed" });
    const keys = commands.onKeys.map((command) => `${command.keys} ${command.title}`);
    expect(keys).toEqual(expect.arrayContaining(["r Reply", "e Reopen", "i Edit title and description", "a Give to a person", "shift+c New sub-task", "u Back to the workspace"]));
    run("task.reply");
    expect(document.activeElement).toBe(screen.getByRole("textbox", { name: "Reply" }));
  });
});

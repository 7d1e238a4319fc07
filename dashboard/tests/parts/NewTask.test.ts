import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import NewTask from "../../src/parts/NewTask.svelte";
import { router } from "../../src/router.svelte.ts";
import { unsaved } from "../../src/store/draft.svelte.ts";
import { live } from "../../src/store/live.svelte.ts";
import { dialogsOpen } from "../dialogs.ts";
import { problem } from "../server.ts";
import { task } from "../store/events.ts";

interface Sent {
  key: string;
  body: unknown;
}

let sent: Sent[];
let answers: (() => Response)[];

beforeEach(() => {
  dialogsOpen();
  localStorage.clear();
  router.go("/w/w1");
  sent = [];
  answers = [];
  vi.stubGlobal("fetch", (_url: string, init: RequestInit) => {
    const headers = init.headers as Record<string, string>;
    sent.push({ key: headers["Idempotency-Key"] ?? "", body: JSON.parse(init.body as string) });
    return Promise.resolve(answers.shift()?.() ?? Response.json(task("made", 1, { title: "Made" }), { status: 201 }));
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const field = (name: string): HTMLInputElement => screen.getByRole("textbox", { name, hidden: true });
const write = (name: string, text: string): Promise<boolean> => fireEvent.input(field(name), { target: { value: text } });
const create = (): Promise<boolean> => fireEvent.submit(document.querySelector("form")!);

describe("the dialog for a new task", () => {
  it("makes what was written, once, though it has to be sent again", async () => {
    answers = [() => problem(503, { detail: "Not now." })];
    render(NewTask, { workspaceId: "w1" });
    await write("Title", "  Fix the login ");
    await write("Description Markdown", "It is **slow**.");
    await create();
    await vi.waitFor(() => expect(screen.getByRole("alert", { hidden: true }).textContent).toBe("Not now."));
    expect(field("Title").value).toBe("  Fix the login ");
    await create();
    await vi.waitFor(() => expect(window.location.pathname).toBe("/w/w1/t/made"));
    expect(sent[0]).toEqual(sent[1]);
    expect(sent[1]?.key).not.toBe("");
    expect(sent[1]?.body).toEqual({ title: "Fix the login", body: "It is **slow**.", assignee: "agent", attachments: [] });
    expect(localStorage).toHaveLength(0);
  });

  it("makes one of files alone, called like the first of them", async () => {
    const attachments = [{ id: "f1", filename: "plan.png", mime_type: "image/png", size: 5 }];
    unsaved.set("w1/new", { title: "", body: "", assignee: "agent", attachments });
    render(NewTask, { workspaceId: "w1" });
    expect([field("Title").required, field("Title").placeholder]).toEqual([false, "plan.png"]);
    await create();
    await vi.waitFor(() => expect(sent[0]?.body).toMatchObject({ title: "plan.png", body: "", attachments: [{ id: "f1" }] }));
  });

  it("keeps what was begun, apart for each task that it may become a part of", async () => {
    live.store("w1").log.tasks.put(task("p", 1, { title: "The whole" }), 1);
    render(NewTask, { workspaceId: "w1", parentId: "p" });
    await write("Title", "a part");
    cleanup();
    render(NewTask, { workspaceId: "w1" });
    expect(field("Title").value).toBe("");
    cleanup();
    render(NewTask, { workspaceId: "w1", parentId: "p" });
    expect(field("Title").value).toBe("a part");
    await create();
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    expect(sent[0]?.body).toMatchObject({ title: "a part", parent_id: "p" });
    expect(window.location.pathname).toBe("/w/w1");
  });

  it("stays for another one if that is wanted, and makes that one anew", async () => {
    render(NewTask, { workspaceId: "w1" });
    await fireEvent.click(screen.getByRole("checkbox", { name: "Create another after this", hidden: true }));
    for (const turn of [1, 2]) {
      await write("Title", "The same");
      await create();
      await vi.waitFor(() => expect(sent).toHaveLength(turn));
      await vi.waitFor(() => expect(field("Title").value).toBe(""));
    }
    expect(window.location.pathname).toBe("/w/w1");
    expect(sent[0]?.key).not.toBe(sent[1]?.key);
  });

  it("shows what markdown will look like", async () => {
    render(NewTask, { workspaceId: "w1" });
    await write("Description Markdown", "It is **slow**.");
    await fireEvent.click(screen.getByRole("button", { name: "Preview", hidden: true }));
    const preview = screen.getByRole("region", { name: "Preview of the description", hidden: true });
    await vi.waitFor(() => expect(preview.querySelector("strong")?.textContent).toBe("slow"));
  });
});

import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import Composer from "../../src/parts/Composer.svelte";
import type { Task } from "../../src/api/types.ts";
import { problem, serve } from "../server.ts";
import { message, task } from "../store/events.ts";

beforeEach(() => localStorage.clear());
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const MESSAGES = "POST /api/workspaces/w1/tasks/t1/messages";
const reply = (): HTMLTextAreaElement => screen.getByRole("textbox", { name: "Reply" });
const write = (text: string): Promise<boolean> => fireEvent.input(reply(), { target: { value: text } });

describe("the composer", () => {
  it("keeps what was written over a reload", async () => {
    render(Composer, { task: task("t1", 1) });
    await write("half a thought");
    cleanup();
    render(Composer, { task: task("t1", 1) });
    expect(reply().value).toBe("half a thought");
  });

  it("keeps drafts of different tasks apart", async () => {
    const { rerender } = render(Composer, { task: task("t1", 1) });
    await write("for the first");
    await rerender({ task: task("t2", 1) });
    expect(reply().value).toBe("");
  });

  it("sends with Ctrl+Enter and is empty then, though the task changed meanwhile", async () => {
    let show: (props: { task: Task }) => Promise<void> = () => Promise.resolve();
    const requests = serve({
      [MESSAGES]: async () => {
        await show({ task: task("t1", 2, { messages: 1 }) });
        return message("m1", "t1");
      },
    });
    show = render(Composer, { task: task("t1", 1) }).rerender;
    await write("Round the total.");
    await fireEvent.keyDown(reply(), { key: "Enter", ctrlKey: true });
    await vi.waitFor(() => expect(reply().value).toBe(""));
    expect(requests).toEqual([{ line: MESSAGES, body: { text: "Round the total.", attachments: [] } }]);
    expect(localStorage.length).toBe(0);
  });

  it("keeps what could not be sent, and says why", async () => {
    serve({ [MESSAGES]: () => problem(409, { code: "archived", detail: "This workspace is archived." }) });
    render(Composer, { task: task("t1", 1) });
    await write("still here");
    await fireEvent.click(screen.getByRole("button", { name: "Send" }));
    expect((await screen.findByRole("alert")).textContent).toBe("This workspace is archived.");
    expect(reply().value).toBe("still here");
  });
});

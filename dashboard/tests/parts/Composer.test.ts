import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import Composer from "../../src/parts/Composer.svelte";
import { draftName } from "../../src/acts/replies.ts";
import { draftOf } from "../../src/store/draft.svelte.ts";
import { serve } from "../server.ts";
import { message, task } from "../store/events.ts";

beforeEach(() => localStorage.clear());
afterEach(() => {
  cleanup();
  draftOf("w1/t1").clear();
  vi.unstubAllGlobals();
});

const MESSAGES = "POST /api/workspaces/w1/tasks/t1/messages";
const reply = (): HTMLTextAreaElement => screen.getByRole("textbox", { name: "Reply" });
const write = (text: string): Promise<boolean> => fireEvent.input(reply(), { target: { value: text } });
const send = (): HTMLButtonElement => screen.getByRole("button", { name: "Send" });

describe("the composer", () => {
  it("writes what is typed to the drafts that outlive the page", async () => {
    render(Composer, { task: task("t1", 1) });
    await write("half a thought");
    expect(localStorage.getItem(`handrail:draft:/${draftName(task("t1", 1))}`)).toContain("half a thought");
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

  it("sends with Ctrl+Enter, and is empty and in use before the server has answered", async () => {
    const requests = serve({ [MESSAGES]: () => message("m1", "t1") });
    const onsent = vi.fn();
    render(Composer, { task: task("t1", 1), onsent });
    reply().focus();
    await write("Round the total.");
    await fireEvent.keyDown(reply(), { key: "Enter", ctrlKey: true });
    expect(reply().value).toBe("");
    expect(document.activeElement).toBe(reply());
    expect(onsent).toHaveBeenCalledOnce();
    await vi.waitFor(() => expect(localStorage.length).toBe(0));
    expect(requests).toEqual([{ line: MESSAGES, body: { text: "Round the total.", attachments: [] } }]);
  });

  it("sends files without words", async () => {
    const requests = serve({ [MESSAGES]: () => message("m1", "t1") });
    draftOf("w1/t1").attachments = [{ id: "f1", filename: "plan.png", mime_type: "image/png", size: 5 }];
    render(Composer, { task: task("t1", 1) });
    expect(send().disabled).toBe(false);
    await fireEvent.click(send());
    await vi.waitFor(() => expect(requests.map(({ body }) => body)).toEqual([{ text: "", attachments: [{ id: "f1" }] }]));
    expect(send().disabled).toBe(true);
  });

  it("takes words though no agent is connected, and says what becomes of them", async () => {
    render(Composer, { task: task("t1", 1) });
    expect(screen.getByText("No agent is connected: it will get this when it returns.")).toBeTruthy();
    await write("For later.");
    expect(send().disabled).toBe(false);
  });
});

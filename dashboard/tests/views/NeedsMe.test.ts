import { cleanup, createEvent, fireEvent, render, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { InboxItem } from "../../src/api/types.ts";
import { SETTLES_MS } from "../../src/parts/steady.svelte.ts";
import { commands } from "../../src/shell/commands.svelte.ts";
import { PAUSE_MS } from "../../src/shell/typing.ts";
import { toasts } from "../../src/shell/toasts.svelte.ts";
import { live } from "../../src/store/live.svelte.ts";
import NeedsMe from "../../src/views/NeedsMe.svelte";
import { problem, type Request } from "../server.ts";
import { ADA, BOT } from "../store/events.ts";
import { Shop } from "./shop.ts";

const EARLY = "2026-11-20T09:00:00Z";
const LATER = "2026-11-20T10:00:00Z";
const LATEST = "2026-11-20T11:00:00Z";
let shop: Shop;
const decision = (id: string): string => `PUT ${shop.at(`permissions/${id}/decision`)}`;
const MESSAGES = (): string => `POST ${shop.at("tasks/t1/messages")}`;

beforeEach(() => {
  localStorage.clear();
  shop = new Shop();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  // One hundred pixels for each card, in the order of the page.
  vi.spyOn(Element.prototype, "getBoundingClientRect").mockImplementation(function (this: Element) {
    const articles = [...document.querySelectorAll("article")];
    const place = articles.findIndex((article) => article.contains(this));
    return { top: place * 100, bottom: place * 100 + 90 } as DOMRect;
  });
  window.addEventListener("keydown", pressed);
});
afterEach(() => {
  cleanup();
  // Ends the writing: the next test has another clock.
  commands.pressed(new KeyboardEvent("keydown", { key: "Escape" }));
  window.removeEventListener("keydown", pressed);
  live.forget(shop.id);
  toasts.shown = [];
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const pressed = (event: KeyboardEvent): void => commands.pressed(event);
const decidedElsewhere = (id: string): Promise<void> =>
  shop.happens("permission.decided", { permission: shop.permission(id, { status: "denied", behavior: "deny", decided_by: ADA, version: 2 }) });

async function shown(items: InboxItem[], answers: Record<string, (body: unknown) => unknown> = {}): Promise<Request[]> {
  const requests = await shop.waits(items, answers);
  render(NeedsMe);
  await settle();
  return requests;
}

async function settle(): Promise<void> {
  await tick();
  await vi.advanceTimersByTimeAsync(SETTLES_MS);
  await tick();
}

async function press(key: string, more: KeyboardEventInit = {}): Promise<void> {
  const target = document.activeElement ?? document.body;
  const event = createEvent.keyDown(target, { key, ...more });
  Object.defineProperty(event, "timeStamp", { value: performance.now() });
  await fireEvent(target, event);
  await tick();
  await tick();
}

const said = (): string[] => toasts.shown.map(({ text }) => text);
const cards = (): string[] => screen.queryAllByRole("article").map((card) => card.textContent ?? "");
const current = (): HTMLElement => document.querySelector<HTMLElement>("article[aria-current=true]")!;
const ofTool = (name: string): HTMLElement => screen.getByRole("group", { name: `Permission: ${name}` });

describe("Needs me", () => {
  it("allows the current item once with y, always with Y, and shows it no longer", async () => {
    const answers = {
      [decision("r1")]: () => shop.permission("r1", { status: "allowed", version: 2 }),
      [decision("r2")]: () => shop.permission("r2", { status: "allowed", version: 2 }),
    };
    const requests = await shown([shop.approval("r1", EARLY, { rule: "git *" }), shop.approval("r2", LATER, { rule: "git *" })], answers);
    await press("y");
    expect(cards()).toHaveLength(1);
    await settle();
    await press("Y", { shiftKey: true });
    expect(cards()).toEqual([]);
    expect(requests).toEqual([
      { line: decision("r1"), body: { behavior: "allow" } },
      { line: decision("r2"), body: { behavior: "allow_always" } },
    ]);
    await vi.waitFor(() => expect(said()).toEqual(["Allowed once: Bash in Shop", "Always allowed: Bash in Shop"]));
  });

  it("says what was decided, and for which task", async () => {
    const denied = { [decision("r1")]: () => shop.permission("r1", { status: "denied", version: 2 }) };
    await shown([{ ...shop.approval("r1", EARLY), task: shop.task("t1", 1, { title: "Clean up" }) }], denied);
    await press("n");
    await fireEvent.keyDown(document.activeElement!, { key: "Enter" });
    await vi.waitFor(() => expect(said()).toEqual(["Denied: Bash for “Clean up”"]));
  });

  it("shows the files of a message that has no words", async () => {
    const last_message = { id: "m1", sender: BOT, text: "", files: 1, created_at: EARLY };
    const item = shop.question("t1", EARLY);
    const page = (items: unknown[]) => (): unknown => ({ items, next_cursor: null, seq: 1 });
    const files = [{ id: "f1", filename: "plan.pdf", mime_type: "application/pdf", size: 5 }];
    await shown([{ ...item, task: { ...item.task!, last_message } }], {
      [`GET ${shop.at("tasks/t1/messages")}`]: page([shop.message("m1", "t1", { text: "", attachments: files })]),
      [`GET ${shop.at("permissions")}`]: page([]),
      [`GET ${shop.at("tasks/t1/activities")}`]: page([]),
    });
    expect(await screen.findByRole("link", { name: "plan.pdf" })).toBeTruthy();
  });

  it("does not take Y for y where no rule can be written", async () => {
    const requests = await shown([shop.approval("r1", EARLY)]);
    await press("Y", { shiftKey: true });
    expect(requests).toEqual([]);
  });

  it("does not let a key hit what just took the place of another item", async () => {
    const requests = await shown([shop.approval("r1", EARLY), shop.approval("r2", LATER)], {
      [decision("r2")]: () => shop.permission("r2", { status: "allowed", version: 2 }),
    });
    await decidedElsewhere("r1");
    await press("y");
    await vi.advanceTimersByTimeAsync(SETTLES_MS - 1);
    await press("y");
    expect(requests).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await press("y");
    expect(requests.map(({ line }) => line)).toEqual([decision("r2")]);
  });

  it("holds the last item too when it became current by a removal, though it did not move", async () => {
    const requests = await shown([shop.approval("r1", EARLY), shop.approval("r2", LATER)]);
    await press("j");
    await press("j");
    expect(current()).toBe(screen.getAllByRole("article")[1]);
    await decidedElsewhere("r2");
    await press("y");
    expect(requests).toEqual([]);
  });

  it("does not let a click hit a card that just moved, nor one that just came", async () => {
    const requests = await shown([shop.approval("r1", EARLY), shop.approval("r2", LATER, { tool_name: "Edit" })]);
    await decidedElsewhere("r1");
    const allow = (tool: string): HTMLElement => ofTool(tool).querySelector<HTMLElement>("button.primary")!;
    await fireEvent.click(allow("Edit"));
    await shop.happens("permission.requested", { permission: shop.permission("r3", { created_at: LATEST, tool_name: "Write" }) });
    await fireEvent.click(allow("Write"));
    expect(allow("Write").getAttribute("aria-disabled")).toBe("true");
    expect(requests).toEqual([]);
  });

  it("keeps the current item when an older one comes above it", async () => {
    const requests = await shown([shop.approval("r2", LATER)], { [decision("r2")]: () => shop.permission("r2", { status: "allowed", version: 2 }) });
    await shop.happens("permission.requested", { permission: shop.permission("r1", { created_at: EARLY, tool_name: "Write" }) });
    expect(cards()).toHaveLength(2);
    await press("y");
    expect(requests).toEqual([]);
    await settle();
    await press("y");
    expect(requests.map(({ line }) => line)).toEqual([decision("r2")]);
  });

  it("goes to the reason with n, and denies with Enter", async () => {
    const requests = await shown([shop.approval("r1", EARLY)], {
      [decision("r1")]: () => shop.permission("r1", { status: "denied", version: 2 }),
    });
    await press("n");
    expect(document.activeElement).toBe(screen.getByRole("textbox", { name: "Reason for denying" }));
    await fireEvent.input(document.activeElement!, { target: { value: " Not now. " } });
    await press("Enter");
    expect(requests).toEqual([{ line: decision("r1"), body: { behavior: "deny", reason: "Not now." } }]);
  });

  it("brings back what the server refused, with the reason for it and the words of the denial", async () => {
    await shown([shop.approval("r1", EARLY)], { [decision("r1")]: () => problem(503, { detail: "Busy. Try again." }) });
    await press("n");
    await fireEvent.input(document.activeElement!, { target: { value: "Not now." } });
    await press("Enter");
    expect(cards()).toEqual([]);
    await vi.waitFor(() => expect(cards()).toHaveLength(1));
    expect(toasts.shown.map(({ text }) => text)).toEqual(["Your decision on Bash did not arrive. Busy. Try again."]);
    expect(screen.getByRole<HTMLInputElement>("textbox", { name: "Reason for denying" }).value).toBe("Not now.");
  });

  it("completes with e at once, with a way back", async () => {
    const changes: unknown[] = [];
    await shown([shop.question("t1", EARLY)], {
      [`PATCH ${shop.at("tasks/t1")}`]: (body) => {
        changes.push(body);
        return shop.task("t1", 2, { status: "completed" });
      },
    });
    await press("e");
    expect(cards()).toEqual([]);
    await vi.waitFor(() => expect(toasts.shown[0]?.undo).toBeTruthy());
    toasts.undoLatest();
    await vi.waitFor(() => expect(changes).toEqual([{ status: "completed" }, { status: "ongoing", position: 1 }]));
  });

  it("completes what took the place of another's only after a moment, of one's own at once", async () => {
    const items = ["t1", "t2", "t3"].map((id, hour) => shop.question(id, `2026-11-20T0${hour}:00:00Z`));
    const requests = await shown(items, {
      [`PATCH ${shop.at("tasks/t2")}`]: () => shop.task("t2", 2, { status: "completed" }),
      [`PATCH ${shop.at("tasks/t3")}`]: () => shop.task("t3", 2, { status: "completed" }),
    });
    await shop.happens("reply.received", { task: shop.task("t1", 2) });
    await press("e");
    expect(requests).toEqual([]);
    await settle();
    await press("e");
    await press("e");
    expect(requests.map(({ line }) => line)).toEqual([`PATCH ${shop.at("tasks/t2")}`, `PATCH ${shop.at("tasks/t3")}`]);
  });

  it("moves the focus to the item that follows, then to the heading", async () => {
    await shown([shop.approval("r1", EARLY), shop.question("t1", LATER)]);
    await press("j");
    expect(document.activeElement).toBe(screen.getAllByRole("article")[0]);
    await decidedElsewhere("r1");
    expect(document.activeElement).toBe(screen.getByRole("article", { name: "t1 v1" }));
    await shop.happens("reply.received", { task: shop.task("t1", 2) });
    expect(document.activeElement).toBe(screen.getByRole("heading", { name: "Needs me" }));
  });

  it("leaves the focus where it is when another item goes", async () => {
    await shown([shop.approval("r1", EARLY), shop.question("t1", LATER)]);
    const reply = screen.getByRole("textbox", { name: "Reply" });
    reply.focus();
    await decidedElsewhere("r1");
    expect(document.activeElement).toBe(reply);
    expect(current()).toBe(screen.getByRole("article", { name: "t1 v1" }));
  });

  it("sends an answer with Ctrl+Enter, and is rid of the item before the server has said so", async () => {
    let answer: (value: unknown) => void = () => {};
    const requests = await shown([shop.question("t1", EARLY)], {
      [MESSAGES()]: () => new Promise((resolve) => (answer = resolve)),
    });
    await press("r");
    await fireEvent.input(document.activeElement!, { target: { value: "SQLite" } });
    await press("Enter", { ctrlKey: true });
    expect(cards()).toEqual([]);
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    answer(shop.message("m1", "t1", { sender: ADA }));
    await settle();
    expect(cards()).toEqual([]);
  });

  it("brings an answer back that was not taken, with what to do about it", async () => {
    await shown([shop.question("t1", EARLY)], {
      [MESSAGES()]: () => problem(409, { code: "archived", detail: "This workspace is archived." }),
    });
    await press("r");
    await fireEvent.input(document.activeElement!, { target: { value: "SQLite" } });
    await press("Enter", { ctrlKey: true });
    await vi.waitFor(() => expect(screen.getByRole("alert").textContent).toContain("Not sent. This workspace is archived."));
    await fireEvent.click(screen.getByRole("button", { name: "Edit" }));
    expect(screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Reply" }).value).toBe("SQLite");
  });

  it("keeps an item that others settle while one writes in it, until one leaves", async () => {
    await shown([shop.question("t1", EARLY)]);
    await press("r");
    await fireEvent.input(document.activeElement!, { target: { value: "Half a thou" } });
    await shop.happens("reply.received", { task: shop.task("t1", 2) });
    expect(screen.getByRole("status").textContent).toMatch(/settled elsewhere/);
    expect(document.activeElement).toBe(screen.getByRole("textbox", { name: "Reply" }));
    (document.activeElement as HTMLElement).blur();
    await tick();
    expect(cards()).toEqual([]);
  });

  it("takes no letter for a key while somebody writes, though the field is gone", async () => {
    const requests = await shown([shop.approval("r1", EARLY), shop.approval("r2", LATER)]);
    await press("n");
    await press("s");
    await decidedElsewhere("r1");
    for (const letter of ["a", "y", "y"]) {
      await press(letter);
      await vi.advanceTimersByTimeAsync(PAUSE_MS - 1);
    }
    await press("y");
    expect(requests).toEqual([]);
  });

  it("opens a task, and tells of its workspace", async () => {
    await shown([shop.question("t1", EARLY)]);
    expect(screen.getByRole("link", { name: "Shop" }).getAttribute("href")).toBe(`/w/${shop.id}`);
    await press("o");
    expect(window.location.pathname).toBe(`/w/${shop.id}/t/t1`);
  });

  it("teaches the next step when nothing waits", async () => {
    live.loaded = true;
    render(NeedsMe);
    expect(screen.getByRole("button", { name: "New workspace" })).toBeTruthy();
    await shop.waits([]);
    await tick();
    expect(screen.getByRole("link", { name: "Connect one" }).getAttribute("href")).toBe(`/w/${shop.id}/settings#connect`);
    const counts = { ...shop.workspace().counts, agents: 1 };
    await shop.happens("agent.connected", { counts });
    expect(screen.getByRole("link", { name: "open a workspace" }).getAttribute("href")).toBe(`/w/${shop.id}`);
  });
});

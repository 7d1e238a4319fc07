import { cleanup, fireEvent, render, screen, within } from "@testing-library/svelte";
import { tick } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { send } from "../../src/acts/replies.ts";
import type { Message, Permission, Task } from "../../src/api/types.ts";
import Thread from "../../src/parts/Thread.svelte";
import { router } from "../../src/router.svelte.ts";
import { live } from "../../src/store/live.svelte.ts";
import { outboxOf } from "../../src/store/outbox.svelte.ts";
import { session } from "../../src/session.svelte.ts";
import { problem } from "../server.ts";
import { ADA, BOT } from "../store/events.ts";
import { Shop } from "../views/shop.ts";

let shop: Shop;
const POST = (): string => `POST ${shop.at("tasks/t1/messages")}`;
const log = (): HTMLElement => screen.getByLabelText("Thread");
// By selector: roles of hundreds of elements take jsdom seconds.
const messages = (): string[] => [...log().querySelectorAll("article > .markdown")].map((one) => one.textContent!.trim());
const last = (): HTMLElement => within(log()).getAllByRole("article").at(-1)!;

beforeEach(() => {
  localStorage.clear();
  shop = new Shop();
  session.person = { id: ADA.id, email: "ada@example.com", name: "Ada", picture: null };
});
afterEach(() => {
  cleanup();
  live.forget(shop.id);
  session.person = null;
  history.replaceState(null, "", "/");
  vi.unstubAllGlobals();
});

interface Given {
  messages?: Message[];
  permissions?: Permission[];
  task?: Partial<Task>;
  answers?: Parameters<Shop["waits"]>[1];
}

async function shown(given: Given): Promise<void> {
  const list = (items: unknown[]) => () => ({ items, next_cursor: null, seq: 1 });
  await shop.waits([], {
    [`GET ${shop.at("tasks/t1/messages")}`]: list(given.messages ?? []),
    [`GET ${shop.at("permissions")}`]: list(given.permissions ?? []),
    [`GET ${shop.at("tasks/t1/activities")}`]: list([]),
    ...given.answers,
  });
  const store = live.store(shop.id);
  render(Thread, { store, task: shop.task("t1", 1, given.task), readonly: false, onedit: () => {} });
  await vi.waitFor(() => expect(store.thread("t1").loaded).toBe(true));
  await tick();
}

function many(amount: number): Message[] {
  return Array.from({ length: amount }, (_, place) => {
    const at = new Date(Date.UTC(2026, 10, 20) + place * 1000).toISOString();
    return shop.message(`m${String(place).padStart(4, "0")}`, "t1", { created_at: at });
  });
}

const AT = "2026-11-20T10:00:00Z";

describe("a thread", () => {
  it("shows what one sends at once, and once, though its event comes before the answer", async () => {
    let answer: (value: unknown) => void = () => {};
    await shown({ answers: { [POST()]: () => new Promise((resolve) => (answer = resolve)) } });
    void send(shop.task("t1", 1), { text: "Yes", attachments: [] });
    await tick();
    expect(last().textContent).toContain("Sending…");
    const own = shop.message("m1", "t1", { sender: ADA, text: "Yes" });
    await shop.happens("reply.received", { message: own, task: shop.task("t1", 2) });
    expect(messages()).toEqual(["Yes"]);
    expect(log().textContent).not.toContain("Sending…");
    answer(own);
    await vi.waitFor(() => expect(outboxOf(shop.id, "t1").entries).toEqual([]));
    expect(messages()).toEqual(["Yes"]);
  });

  it("keeps what was not sent where it was written, until it is discarded", async () => {
    await shown({ answers: { [POST()]: () => problem(409, { detail: "It is archived." }) } });
    await send(shop.task("t1", 1), { text: "Yes", attachments: [] });
    expect(screen.getByRole("alert").textContent).toMatch(/Not sent\.\s+It is archived\./);
    await fireEvent.click(screen.getByRole("button", { name: "Discard" }));
    expect(messages()).toEqual([]);
  });

  it("lets go of what it could not be sure of once it is there", async () => {
    await shown({ answers: { [POST()]: () => problem(503, { detail: "Busy." }) } });
    await send(shop.task("t1", 1), { text: "Yes", attachments: [] });
    await shop.happens("reply.received", { message: shop.message("m1", "t1", { sender: ADA, text: "Yes" }) });
    expect(messages()).toEqual(["Yes"]);
    expect(outboxOf(shop.id, "t1").entries).toEqual([]);
  });

  it("says whether an agent has seen what was written", async () => {
    const seen = { message_id: "m1", agent: { id: BOT.id, name: "laptop" }, at: AT };
    await shown({ messages: [shop.message("m1", "t1", { sender: ADA }), shop.message("m2", "t1", { sender: ADA })], task: { seen } });
    const [first, second] = within(log()).getAllByRole("article");
    expect(first!.textContent).toMatch(/Seen by laptop/);
    expect(second!.textContent).toMatch(/Waiting for the agent/);
  });

  it("shows the end of a long one, and what came before on demand", async () => {
    await shown({ messages: many(45) });
    expect(messages()).toHaveLength(40);
    expect(messages().at(-1)).toBe("m0044");
    await fireEvent.click(screen.getByText("Show 5 earlier of 5"));
    expect(messages()).toHaveLength(45);
    expect(messages()[0]).toBe("m0000");
  });

  it("goes to the message that the address names, however far back", async () => {
    router.go("/w/x/t/t1#m-m0002");
    await shown({ messages: many(45) });
    await vi.waitFor(() => expect(document.activeElement?.id).toBe("m-m0002"));
    expect(document.querySelector(".wanted")?.id).toBe("m-m0002");
  });

  it("counts what comes while one reads further up", async () => {
    await shown({ messages: many(3) });
    vi.spyOn(document.documentElement, "scrollHeight", "get").mockReturnValue(9_000);
    await fireEvent.scroll(window);
    await shop.happens("reply.received", { message: shop.message("n1", "t1", { created_at: "2026-11-21T10:00:00Z" }) });
    await shop.happens("reply.received", { message: shop.message("n2", "t1", { created_at: "2026-11-21T10:00:01Z" }) });
    expect(screen.getByRole("button", { name: "2 new messages, go to the end" }).textContent).toBe("2 new ↓");
    await fireEvent.click(screen.getByRole("button", { name: /go to the end/ }));
    expect(screen.queryByRole("button", { name: /go to the end/ })).toBeNull();
  });

  it("leaves what is read, and perhaps selected, as it is when something comes", async () => {
    await shown({ messages: many(2) });
    const words = log().querySelector("article > .markdown")!.firstChild;
    await shop.happens("reply.received", { message: shop.message("n1", "t1"), task: shop.task("t1", 2) });
    expect(messages()).toHaveLength(3);
    expect(log().contains(words)).toBe(true);
  });

  it("shows what was asked with its outcome, and what was changed by whom", async () => {
    const decided = { status: "allowed", behavior: "allow_always", rule: "git *", decided_by: ADA, decided_at: AT, version: 2 } as const;
    await shown({ permissions: [shop.permission("r1", decided)] });
    expect((await screen.findByRole("group", { name: "Permission: Bash" })).textContent).toMatch(/Always allowed\s+by you/);
    const one = { id: "a1", workspace_id: shop.id, task_id: "t1", version: 1, at: AT, actor: BOT, kind: "status" as const };
    await shop.happens("status.updated", { activities: [{ ...one, before: "notstarted", after: "ongoing" }] });
    expect(log().textContent).toMatch(/laptop started it/);
  });
});

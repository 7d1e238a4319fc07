import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { complete, discard, draftName, retry, send, takeBack } from "../../src/acts/replies.ts";
import { draftOf } from "../../src/store/draft.svelte.ts";
import { live } from "../../src/store/live.svelte.ts";
import { outboxOf } from "../../src/store/outbox.svelte.ts";
import { toasts } from "../../src/shell/toasts.svelte.ts";
import { problem } from "../server.ts";
import { ADA } from "../store/events.ts";
import { Shop } from "../views/shop.ts";

let shop: Shop;
const MESSAGES = (): string => `POST ${shop.at("tasks/t1/messages")}`;
const box = (): ReturnType<typeof outboxOf> => outboxOf(shop.id, "t1");
const inbox = (): number => live.inbox.items.length;
const SINCE = "2026-11-20T10:00:00Z";

beforeEach(() => {
  localStorage.clear();
  shop = new Shop();
});
afterEach(() => {
  live.forget(shop.id);
  toasts.shown = [];
  vi.unstubAllGlobals();
});

describe("a message", () => {
  it("is there at once, and the server's from its answer on", async () => {
    await shop.waits([shop.question("t1", SINCE)], { [MESSAGES()]: () => shop.message("m1", "t1", { text: "Yes" }) });
    const sent = send(shop.task("t1", 1), { text: "Yes", attachments: [] });
    expect(box().entries).toMatchObject([{ text: "Yes", state: "sending" }]);
    expect(inbox()).toBe(0);
    expect(await sent).toBe(true);
    expect(box().entries).toEqual([]);
    expect(live.store(shop.id).log.messages.get("m1")?.text).toBe("Yes");
    expect(inbox()).toBe(0);
  });

  it("does not hide what the agent asked next, when the events were faster than the answer", async () => {
    await shop.waits([shop.question("t1", SINCE)], {
      [MESSAGES()]: async () => {
        const last_message = { id: "m2", sender: ADA, text: "And?", created_at: SINCE };
        const waiting = { since: SINCE, kind: "question" } as const;
        await shop.happens("reply.received", { task: shop.task("t1", 3, { last_message, waiting }) });
        return shop.message("m1", "t1");
      },
    });
    await send(shop.task("t1", 1), { text: "Yes", attachments: [] });
    expect(inbox()).toBe(1);
  });

  it("stays as not sent, says why, and is the same request when it is sent again", async () => {
    const keys: (string | null)[] = [];
    let up = false;
    await shop.waits([shop.question("t1", SINCE)]);
    vi.stubGlobal("fetch", (_: string, { headers }: { headers: Record<string, string> }) => {
      keys.push(headers["Idempotency-Key"] ?? null);
      return up ? Promise.resolve(Response.json(shop.message("m1", "t1"))) : Promise.reject(new TypeError("offline"));
    });
    const task = shop.task("t1", 1);
    expect(await send(task, { text: "Yes", attachments: [] })).toBe(false);
    const one = box().entries[0]!;
    expect(one).toMatchObject({ state: "failed", unsure: true });
    expect(one.problem).toMatch(/cannot be reached/);
    expect(inbox()).toBe(1);
    expect(toasts.shown[0]?.text).toMatch(/^Your message to “t1 v1” was not sent\./);
    up = true;
    expect(await retry(task, one)).toBe(true);
    expect(keys).toEqual([one.key, one.key]);
    expect(box().entries).toEqual([]);
  });

  it("that was refused can be taken back to be edited, or discarded", async () => {
    await shop.waits([], { [MESSAGES()]: () => problem(413, { detail: "Too long." }) });
    const task = shop.task("t1", 1);
    await send(task, { text: "First", attachments: [] });
    await send(task, { text: "Second", attachments: [] });
    const [first, second] = box().entries;
    expect(first).toMatchObject({ problem: "Too long.", unsure: false });
    takeBack(task, first!);
    expect(draftOf(draftName(task)).text).toBe("First");
    discard(task, second!);
    expect(box().entries).toEqual([]);
  });

  it("goes after the ones that were written before it", async () => {
    const answers: ((value: unknown) => void)[] = [];
    const requests = await shop.waits([], { [MESSAGES()]: () => new Promise((resolve) => answers.push(resolve)) });
    const task = shop.task("t1", 1);
    const first = send(task, { text: "First", attachments: [] });
    const second = send(task, { text: "Second", attachments: [] });
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    answers[0]!(shop.message("m1", "t1"));
    await first;
    await vi.waitFor(() => expect(requests).toHaveLength(2));
    answers[1]!(shop.message("m2", "t1"));
    await second;
    expect(requests.map(({ body }) => (body as { text: string }).text)).toEqual(["First", "Second"]);
  });
});

describe("completing what waits", () => {
  it("brings it back when the server refuses", async () => {
    const waits = shop.question("t1", SINCE);
    await shop.waits([waits], { [`PATCH ${shop.at("tasks/t1")}`]: () => problem(409, { detail: "It is closed." }) });
    const done = complete(waits.task!);
    expect(inbox()).toBe(0);
    expect(await done).toBe(false);
    expect(inbox()).toBe(1);
    expect(toasts.shown[0]?.text).toBe("“t1 v1” stays as it was. It is closed.");
  });

  it("of what was not begun can be undone: it is reopened", async () => {
    const changes: unknown[] = [];
    await shop.waits([], {
      [`PATCH ${shop.at("tasks/t1")}`]: (body) => {
        changes.push(body);
        return shop.task("t1", 1 + changes.length);
      },
    });
    await complete(shop.task("t1", 1, { status: "notstarted", assignee: "human" }));
    toasts.undoLatest();
    await vi.waitFor(() => expect(changes).toEqual([{ status: "completed" }, { status: "ongoing", position: 1 }]));
  });
});

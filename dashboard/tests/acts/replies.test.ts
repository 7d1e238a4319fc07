import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { complete, discard, draftName, retry, send, sendWaiting, takeBack } from "../../src/acts/replies.ts";
import { draftOf, unsaved } from "../../src/store/draft.svelte.ts";
import { live } from "../../src/store/live.svelte.ts";
import { outboxOf, withUnsent } from "../../src/store/outbox.svelte.ts";
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

/** Takes messages while it is up. */
class Network {
  up = false;
  /** Their texts and keys. */
  readonly taken: [string, string | undefined][] = [];

  begin(): void {
    vi.stubGlobal("fetch", (_: string, { headers, body }: { headers: Record<string, string>; body: string }) => {
      if (!this.up) return Promise.reject(new TypeError("offline"));
      const { text } = JSON.parse(body) as { text: string };
      this.taken.push([text, headers["Idempotency-Key"]]);
      return Promise.resolve(Response.json(shop.message(`m${this.taken.length}`, "t1", { text })));
    });
  }
}

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
        const last_message = { id: "m2", sender: ADA, text: "And?", files: 0, created_at: SINCE };
        const waiting = { since: SINCE, kind: "question" } as const;
        await shop.happens("reply.received", { task: shop.task("t1", 3, { last_message, waiting }) });
        return shop.message("m1", "t1");
      },
    });
    await send(shop.task("t1", 1), { text: "Yes", attachments: [] });
    expect(inbox()).toBe(1);
  });

  it("waits while the server cannot be reached, and goes by itself when it can: in order, each as the same request", async () => {
    const network = new Network();
    await shop.waits([shop.question("t1", SINCE)]);
    network.begin();
    const task = shop.task("t1", 1);
    expect(await Promise.all(["First", "Second"].map((text) => send(task, { text, attachments: [] })))).toEqual([false, false]);
    expect(box().entries).toMatchObject([{ text: "First", state: "waiting" }, { text: "Second", state: "waiting" }]);
    expect(inbox()).toBe(1);
    expect(toasts.shown[0]?.text).toBe("Your message to “t1 v1” goes when the connection is back");
    const [first, second] = box().entries.map(({ key }) => key);
    network.up = true;
    await sendWaiting();
    expect(network.taken).toEqual([["First", first], ["Second", second]]);
    expect(box().entries).toEqual([]);
    expect(inbox()).toBe(0);
  });

  it("goes after those that wait for the connection, though it is the first to find it again", async () => {
    const network = new Network();
    await shop.waits([]);
    network.begin();
    const task = shop.task("t1", 1);
    await send(task, { text: "First", attachments: [] });
    network.up = true;
    expect(await send(task, { text: "Second", attachments: [] })).toBe(true);
    expect(network.taken.map(([text]) => text)).toEqual(["First", "Second"]);
    await sendWaiting();
    expect(network.taken).toHaveLength(2);
  });

  it("that was under way when the page was left goes when it is there again", async () => {
    const network = new Network();
    network.up = true;
    await shop.waits([]);
    network.begin();
    const left = { key: "k1", text: "Hello", attachments: [], at: new Date().toISOString(), after: "", state: "sending", problem: "", unsure: false };
    unsaved.set(`outbox/${shop.id}/t7`, [left]);
    await sendWaiting();
    expect(network.taken).toEqual([["Hello", "k1"]]);
    expect(withUnsent()).toEqual([]);
  });

  it("that was refused does not hold up the next, and stays until the person says what to do", async () => {
    await shop.waits([], {
      [MESSAGES()]: (body) => ((body as { text: string }).text === "Bad" ? problem(413, { detail: "Too long." }) : shop.message("m1", "t1")),
    });
    const task = shop.task("t1", 1);
    const sent = ["Bad", "Good"].map((text) => send(task, { text, attachments: [] }));
    expect(await Promise.all(sent)).toEqual([false, true]);
    await sendWaiting();
    expect(box().entries).toMatchObject([{ text: "Bad", state: "failed", problem: "Too long." }]);
    expect(await retry(task, box().entries[0]!)).toBe(false);
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

  it("says that what was asked was read", async () => {
    const requests = await shop.waits([], {
      [`PATCH ${shop.at("tasks/t1")}`]: () => shop.task("t1", 2, { status: "completed", unread: 1 }),
      [`PUT ${shop.at("tasks/t1/read")}`]: () => shop.task("t1", 3, { status: "completed" }),
    });
    await complete(shop.task("t1", 1, { unread: 1 }));
    await vi.waitFor(() => expect(live.store(shop.id).log.tasks.get("t1")?.unread).toBe(0));
    expect(requests).toHaveLength(2);
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

import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Message } from "../../src/api/types.ts";
import { Outbox, outboxOf, type Outgoing } from "../../src/store/outbox.svelte.ts";
import { ADA, message } from "./events.ts";

beforeEach(() => localStorage.clear());

function outgoing(key: string, changes: Partial<Outgoing> = {}): Outgoing {
  return { key, text: "Yes", attachments: [], at: "2026-11-20T10:00:00Z", after: "m1", state: "sending", problem: "", unsure: false, ...changes };
}

const own = (id: string, text = "Yes"): Message => ({ ...message(id, "t1"), sender: ADA, text });
const pending = (box: Outbox, thread: Message[]): string[] => box.pending(thread, ADA.id).map(({ key }) => key);

function holding(...all: Outgoing[]): Outbox {
  const box = new Outbox("w1/t1");
  all.forEach((one) => box.add(one));
  return box;
}

describe("the outbox", () => {
  it("shows a message until it is in the thread", () => {
    const box = holding(outgoing("k1"));
    expect(pending(box, [own("m1"), own("m2", "Something else")])).toEqual(["k1"]);
    expect(pending(box, [own("m1"), own("m2")])).toEqual([]);
  });

  it("does not take another's words for one's own", () => {
    const box = holding(outgoing("k1"));
    expect(pending(box, [{ ...message("m2", "t1"), text: "Yes" }])).toEqual(["k1"]);
  });

  it("takes one message of the thread for one of two that say the same", () => {
    const box = holding(outgoing("k1"), outgoing("k2"));
    expect(pending(box, [own("m2")])).toEqual(["k2"]);
    box.sent("k1", "m2");
    expect(pending(box, [own("m2")])).toEqual(["k2"]);
    expect(pending(box, [own("m2"), own("m3")])).toEqual([]);
  });

  it("shows what was refused, though the thread says the same, and not what came through without an answer", () => {
    const refused = holding(outgoing("k1", { state: "failed" }));
    expect(pending(refused, [own("m2")])).toEqual(["k1"]);
    const unsure = holding(outgoing("k2", { state: "failed", unsure: true }));
    expect(pending(unsure, [own("m2")])).not.toContain("k2");
    unsure.settle([own("m2")], ADA.id);
    expect(unsure.entries.map(({ key }) => key)).toEqual(["k1"]);
  });

  it("has after a reload what was not answered before it, to be sent again with the same key", () => {
    holding(outgoing("k1"), outgoing("k2", { state: "failed", problem: "No." }));
    expect(new Outbox("w1/t1").entries).toMatchObject([
      { key: "k1", state: "waiting", unsure: true },
      { key: "k2", state: "failed", problem: "No.", unsure: false },
    ]);
  });

  it("goes by itself for as long as the server knows its key, from then on when the person says so", () => {
    const box = holding(outgoing("k1", { state: "waiting" }), outgoing("k2", { state: "failed" }));
    expect(box.lastWaiting(Date.parse("2026-11-21T05:00:00Z"))?.key).toBe("k1");
    expect(box.lastWaiting(Date.parse("2026-11-21T07:00:00Z"))).toBeUndefined();
    expect(box.entries[0]).toMatchObject({ state: "failed", problem: "It waited too long for the connection." });
  });

  it("listens to other tabs once, for however many tasks", () => {
    const listens = vi.spyOn(window, "addEventListener");
    for (let number = 0; number < 20; number += 1) outboxOf("w1", `t${number}`);
    expect(listens).not.toHaveBeenCalled();
    const box = outboxOf("w1", "t1");
    const key = "handrail:draft:/outbox/w1/t1";
    localStorage.setItem(key, JSON.stringify([outgoing("k9")]));
    window.dispatchEvent(new StorageEvent("storage", { key }));
    expect(box.entries.map((one) => one.key)).toEqual(["k9"]);
  });
});

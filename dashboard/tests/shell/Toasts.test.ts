import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import Toasts from "../../src/shell/Toasts.svelte";
import { toasts } from "../../src/shell/toasts.svelte.ts";
import { live } from "../../src/store/live.svelte.ts";
import { workspace } from "../store/events.ts";
import { update } from "../../src/shell/update.svelte.ts";

beforeEach(() => {
  vi.useFakeTimers();
  toasts.shown = [];
  render(Toasts);
});

afterEach(() => {
  cleanup();
  update.later();
  vi.useRealTimers();
});

const pass = async (ms: number): Promise<void> => {
  await tick();
  vi.advanceTimersByTime(ms);
  await tick();
};
const region = (): HTMLElement => document.querySelector(".toasts")!;
const button = (name: string): HTMLElement => screen.getByRole("button", { name });

describe("notes", () => {
  it("go by themselves after a while when they are plain", async () => {
    toasts.say("Moved");
    await tick();
    expect(screen.getByRole("status", { name: "What just happened" }).textContent).toContain("Moved");
    await pass(10_000);
    expect(toasts.shown).toEqual([]);
  });

  it("stay until they are dismissed when they tell of a problem", async () => {
    toasts.complain("Refused");
    await pass(60_000);
    expect(screen.getByRole("alert").textContent).toContain("Refused");
    await fireEvent.click(button("Dismiss"));
    expect(screen.getByRole("alert").textContent).toBe("");
  });

  it.each([
    ["the pointer rests on them", "pointerenter", "pointerleave"],
    ["the keyboard is in them", "focusin", "focusout"],
  ])("stay while %s", async (_, comes, goes) => {
    toasts.say("Moved");
    await tick();
    await fireEvent(region(), new FocusEvent(comes, { bubbles: true }));
    await pass(60_000);
    expect(toasts.shown).toHaveLength(1);
    await fireEvent(region(), new FocusEvent(goes, { bubbles: true }));
    await pass(10_000);
    expect(toasts.shown).toEqual([]);
  });

  it("go when there is nothing left to take back: their workspace was deleted", async () => {
    live.workspaces.put(workspace({ id: "w9" }), 1);
    live.loaded = true;
    toasts.say("Archived", () => {}, "w9");
    toasts.say("Deleted", null, "w9");
    await tick();
    expect(toasts.shown).toHaveLength(2);
    live.forget("w9");
    await tick();
    expect(toasts.shown.map(({ text }) => text)).toEqual(["Deleted"]);
  });

  it("take back what they tell of, once", async () => {
    const undo = vi.fn();
    toasts.say("Moved", undo);
    await tick();
    await fireEvent.click(button("Undo"));
    expect(undo).toHaveBeenCalledOnce();
    expect(toasts.shown).toEqual([]);
  });

  it("give the keyboard back to where it was", async () => {
    const before = document.body.appendChild(document.createElement("button"));
    before.focus();
    toasts.say("Moved");
    await tick();
    button("Dismiss").focus();
    await fireEvent.click(button("Dismiss"));
    expect(document.activeElement).toBe(before);
    before.remove();
  });

  it("do not run out of time because others come", async () => {
    toasts.say("First");
    await pass(4_000);
    toasts.say("Second");
    await pass(3_000);
    expect(toasts.shown.map(({ text }) => text)).toEqual(["Second"]);
  });

  it("say that there is a new version, which comes when one wants it", async () => {
    const reload = vi.fn();
    update.offer(reload);
    await pass(60_000);
    await fireEvent.click(button("Reload"));
    expect(reload).toHaveBeenCalledOnce();
  });
});

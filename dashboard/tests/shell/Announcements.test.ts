import { cleanup, render } from "@testing-library/svelte";
import { tick } from "svelte";
import { afterEach, expect, it, vi } from "vitest";
import Announcements from "../../src/shell/Announcements.svelte";
import { live } from "../../src/store/live.svelte.ts";
import { question } from "../store/events.ts";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it("the badge of the installed page counts what waits, and what comes to wait is said aloud", async () => {
  const badges: number[] = [];
  vi.stubGlobal("navigator", { setAppBadge: (amount: number) => Promise.resolve(badges.push(amount)) });
  live.loaded = true;
  live.inbox.take({ items: [question("t1", "2026-11-20T10:00:00Z")], seqs: {} });
  const { container } = render(Announcements);
  await tick();
  expect(badges).toEqual([1]);
  live.inbox.take({ items: [question("t1", "2026-11-20T10:00:00Z"), question("t2", "2026-11-20T11:00:00Z")], seqs: {} });
  await tick();
  await tick();
  expect(badges).toEqual([1, 2]);
  expect(container.querySelector("[aria-live=polite]")?.textContent).toContain("asks about “t2 v1”");
  live.inbox.take({ items: [], seqs: {} });
  await tick();
  expect(badges.at(-1)).toBe(0);
});

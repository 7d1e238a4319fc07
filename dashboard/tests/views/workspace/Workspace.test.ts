import { cleanup, render, screen } from "@testing-library/svelte";
import { afterEach, expect, it, vi } from "vitest";
import { live } from "../../../src/store/live.svelte.ts";
import Workspace from "../../../src/views/Workspace.svelte";
import { Shop } from "../shop.ts";

const shop = new Shop();
const filter = { view: "list", statuses: null, assignee: null, waiting: false, q: "" } as const;

afterEach(() => {
  cleanup();
  live.forget(shop.id);
  vi.unstubAllGlobals();
});

it("an archived workspace without tasks says so, and offers nothing that it cannot do", async () => {
  await shop.waits([], { [`GET ${shop.at("tasks")}`]: () => ({ items: [], next_cursor: null, seq: 1 }) });
  live.workspaces.put(shop.workspace({ archived_at: "2026-11-20T10:00:00Z", version: 2 }), 1);
  render(Workspace, { workspaceId: shop.id, filter });
  expect(screen.getByText("There are no tasks in it.")).toBeTruthy();
  expect(screen.getByRole("link", { name: "Restore it" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: "New task" })).toBeNull();
});

import { cleanup, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Role } from "../../../src/api/types.ts";
import { session } from "../../../src/session.svelte.ts";
import { commands } from "../../../src/shell/commands.svelte.ts";
import { live } from "../../../src/store/live.svelte.ts";
import Ending from "../../../src/views/settings/Ending.svelte";
import { isGuest } from "../../../src/views/settings/people.ts";
import { offerSettings } from "../../../src/views/settings/settings-commands.ts";
import { ADA } from "../../store/events.ts";
import { Shop } from "../shop.ts";

const ENDING = ["settings.archive", "settings.delete"];
let shop: Shop;
let withdraw: () => void = () => {};

beforeEach(() => {
  shop = new Shop();
  live.workspaces.put(shop.workspace(), 1);
  session.person = { id: "p1", email: "", name: "", picture: null };
});
afterEach(() => {
  withdraw();
  cleanup();
  live.forget(shop.id);
});

function show(role: Role | null): string[] {
  const store = live.store(shop.id);
  const base = { id: "m1", workspace_id: shop.id, person_id: "p1", name: "Ada", email: "ada@example.com" };
  if (role) store.log.members.put({ ...base, role, joined_at: "2026-11-20T10:00:00Z", invited_by: ADA, version: 1 }, 1);
  render(Ending, { workspace: shop.workspace(), guest: isGuest(store) });
  withdraw = offerSettings(() => shop.workspace(), () => isGuest(store));
  return commands.all.map(({ id }) => id).filter((id) => ENDING.includes(id));
}

it("a member is told who may end the workspace, and offered nothing that would be refused", () => {
  expect(show("member")).toEqual([]);
  expect(screen.getByText(/Only owners archive, restore and delete/)).toBeTruthy();
  expect(screen.queryByRole("button")).toBeNull();
  expect(screen.queryByRole("textbox")).toBeNull();
});

it.each<Role | null>(["owner", null])("an owner, or who is not known yet, can end it: %s", (role) => {
  expect(show(role)).toEqual(ENDING);
  expect(screen.getByRole("button", { name: "Archive" })).toBeTruthy();
  expect(screen.getByRole("button", { name: "Delete workspace" })).toBeTruthy();
});

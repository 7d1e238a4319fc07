import { cleanup, fireEvent, render, screen, within } from "@testing-library/svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import { toasts } from "../../src/shell/toasts.svelte.ts";
import { live } from "../../src/store/live.svelte.ts";
import Workspaces from "../../src/views/Workspaces.svelte";
import { problem, serve } from "../server.ts";
import { workspace } from "../store/events.ts";

const AT = "2026-11-20T10:00:00Z";
const { counts } = workspace();

afterEach(() => {
  cleanup();
  for (const { id } of live.workspaces.values()) live.workspaces.delete(id);
  toasts.shown = [];
  vi.unstubAllGlobals();
});

// Ids are never used twice: what was deleted does not come back.
let made = 0;
function have(name: string, changes: object = {}): string {
  made += 1;
  const id = `ws${made}`;
  live.workspaces.put(workspace({ id, name, ...changes }), 1);
  return id;
}

function show(): void {
  live.loaded = true;
  live.connection = "live";
  render(Workspaces);
}

const names = (list: string): (string | null | undefined)[] =>
  within(screen.getByRole("list", { name: list })).getAllByRole("listitem").map((row) => row.querySelector("a")?.textContent);

describe("the overview of workspaces", () => {
  it("has those first that wait for the person, each by name", () => {
    have("zoo", { counts: { ...counts, waiting: 2 } });
    have("app 10");
    have("app 9");
    show();
    expect(names("Waiting for you")).toEqual(["zoo"]);
    expect(names("Nothing waits")).toEqual(["app 9", "app 10"]);
  });

  it("says who is there, what is open and what waits", () => {
    have("shop", { mission: "Sells things", counts: { ...counts, agents: 2, ongoing: 3, completed: 7, waiting: 1 } });
    show();
    const row = screen.getByRole("listitem");
    expect(within(row).getByRole("img", { name: "Agent connected" })).toBeTruthy();
    expect(row.textContent?.replace(/\s+/g, " ")).toMatch(/shop Sells things 2 agents Ongoing ?3 1 for you/);
  });

  it("finds by name and mission", async () => {
    have("shop", { mission: "Sells things" });
    have("site");
    show();
    await fireEvent.input(screen.getByRole("searchbox", { name: "Search" }), { target: { value: "sells" } });
    expect(names("Nothing waits")).toEqual(["shop"]);
    expect(screen.getByRole("status").textContent).toBe("1 workspace");
    await fireEvent.input(screen.getByRole("searchbox", { name: "Search" }), { target: { value: "nothing such" } });
    await fireEvent.click(screen.getByRole("button", { name: "Show all" }));
    expect(names("Nothing waits")).toEqual(["shop", "site"]);
  });

  it("restores an archived one, with a way back", async () => {
    const id = have("old", { archived_at: AT });
    show();
    const restored = workspace({ id, name: "old", version: 2, seq: 2 });
    const requests = serve({
      [`DELETE /api/workspaces/${id}/archive`]: () => restored,
      [`PUT /api/workspaces/${id}/archive`]: () => ({ ...restored, archived_at: AT, version: 3, seq: 3 }),
    });
    await fireEvent.click(screen.getByRole("button", { name: "Restore old" }));
    await vi.waitFor(() => expect(names("Nothing waits")).toEqual(["old"]));
    await vi.waitFor(() => expect(toasts.shown).toHaveLength(1));
    await toasts.shown[0]?.undo?.();
    await vi.waitFor(() => expect(names("Archived")).toEqual(["old"]));
    expect(requests.map(({ line }) => line.split(" ")[0])).toEqual(["DELETE", "PUT"]);
  });

  it("says why one cannot be restored, which then is archived as before", async () => {
    const id = have("old", { archived_at: AT });
    show();
    serve({ [`DELETE /api/workspaces/${id}/archive`]: () => problem(503, { detail: "Try again." }) });
    await fireEvent.click(screen.getByRole("button", { name: "Restore old" }));
    await vi.waitFor(() => expect(toasts.shown.map(({ text }) => text)).toEqual(["old was not restored. Try again."]));
    expect(names("Archived")).toEqual(["old"]);
  });

  it("teaches who has none what to do first", () => {
    show();
    expect(screen.getByRole("heading", { name: "Begin with a workspace" })).toBeTruthy();
    expect(screen.getByRole("button", { name: "Make the first workspace" })).toBeTruthy();
  });
});

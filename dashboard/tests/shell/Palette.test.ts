import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { offer } from "../../src/offer.svelte.ts";
import { commands } from "../../src/shell/commands.svelte.ts";
import Palette from "../../src/shell/Palette.svelte";
import { live } from "../../src/store/live.svelte.ts";
import { dialogsOpen } from "../dialogs.ts";
import { serve } from "../server.ts";
import { task, workspace } from "../store/events.ts";

const run = vi.fn();
let takeBack = (): void => {};

beforeAll(() => {
  dialogsOpen();
  Element.prototype.scrollIntoView = () => {};
});

beforeEach(() => {
  offer.providers = ["local"];
  live.workspaces.put(workspace(), 1);
  live.store("w1").log.tasks.put(task("t1", 1, { title: "Upgrade the payment library" }), 1);
  takeBack = commands.offer(() => [
    { id: "palette", title: "Find anything", group: "Everywhere", run: () => {} },
    { id: "two", title: "Sign out", group: "Everywhere", run: () => {} },
    { id: "one", title: "Mark completed", group: "This task", keys: "e", run },
  ]);
});

afterEach(() => {
  cleanup();
  takeBack();
  localStorage.clear();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.clearAllMocks();
});

const field = (): HTMLInputElement => screen.getByRole("combobox", { hidden: true });
const options = (): string[] => screen.queryAllByRole("option", { hidden: true }).map((one) => one.querySelector(".name")?.textContent ?? "");
const meant = (): string | undefined => document.getElementById(field().getAttribute("aria-activedescendant") ?? "")?.querySelector(".name")?.textContent;
const press = (key: string): Promise<boolean> => fireEvent.keyDown(field(), { key });
const type = (text: string): Promise<boolean> => fireEvent.input(field(), { target: { value: text } });
const opened = async (props: object = {}): Promise<void> => {
  const { component } = render(Palette, props);
  component.open();
  await vi.waitFor(() => expect(options().length).toBeGreaterThan(0));
};

describe("the palette", () => {
  it("asks how one signs in here, for the place of a workspace's members", async () => {
    offer.providers = null;
    serve({
      "GET /auth/config": () => ({ providers: ["local", "google"], names: {} }),
      "GET /api/workspaces/w1/tasks": () => ({ items: [], next_cursor: null, seq: 1 }),
    });
    await opened();
    await type("members");
    await vi.waitFor(() => expect(options()).toContain("Shop: members"));
  });

  it("lists what can be done here first, then what can be done everywhere, then the places", async () => {
    await opened();
    expect(options()).toEqual(["Mark completed", "Sign out", "Shop"]);
    expect(meant()).toBe("Mark completed");
  });

  it("goes round the results with the arrows, and runs the one that is meant", async () => {
    await opened();
    await press("ArrowUp");
    await vi.waitFor(() => expect(meant()).toBe("Shop"));
    await press("ArrowDown");
    await vi.waitFor(() => expect(meant()).toBe("Mark completed"));
    await press("Enter");
    expect(run).toHaveBeenCalledOnce();
    expect(screen.getByRole<HTMLDialogElement>("dialog", { hidden: true }).open).toBe(false);
  });

  it("begins with what was chosen lately when it is opened again", async () => {
    await opened();
    await fireEvent.click(screen.getByText("Sign out"));
    cleanup();
    await opened();
    expect(options()).toEqual(["Sign out", "Mark completed", "Shop"]);
  });

  it("finds the places in a workspace and the tasks that are known, at once", async () => {
    serve({ "GET /api/workspaces/w1/tasks": () => ({ items: [], next_cursor: null, seq: 1 }) });
    await opened();
    await type("shop tok");
    expect(options()).toEqual(["Shop: tokens"]);
    await type("payment");
    expect(options()).toEqual(["Upgrade the payment library"]);
  });

  it("adds what the server finds by its text, and says how many there are", async () => {
    const found = task("t9", 1, { title: "Rotate the keys", body: "also those of the bank" });
    const requests = serve({ "GET /api/workspaces/w1/tasks": () => ({ items: [found], next_cursor: null, seq: 1 }) });
    await opened();
    await type("bank");
    expect(screen.getByRole("status", { hidden: true }).textContent).toBe("Searching the tasks…");
    await vi.waitFor(() => expect(options()).toEqual(["Rotate the keys"]));
    await vi.waitFor(() => expect(screen.getByRole("status", { hidden: true }).textContent).toBe("1 result"));
    expect(requests.filter(({ line }) => line.endsWith("/tasks"))).toHaveLength(1);
  });

  it("says so when nothing is meant", async () => {
    serve({ "GET /api/workspaces/w1/tasks": () => ({ items: [], next_cursor: null, seq: 1 }) });
    await opened();
    await type("zzz");
    await vi.waitFor(() => expect(screen.getByRole("status", { hidden: true }).textContent).toBe("Nothing is called that"));
    expect(field().getAttribute("aria-expanded")).toBe("false");
    await press("Enter");
    expect(run).not.toHaveBeenCalled();
  });

  it("asks for one of the given choices, and remembers none of them", async () => {
    const choose = vi.fn();
    await opened({ label: "Which workspace?", choices: [{ id: "a", title: "Shop", group: "Workspaces", run: choose }] });
    expect(options()).toEqual(["Shop"]);
    await press("Enter");
    expect(choose).toHaveBeenCalledOnce();
    expect(localStorage.length).toBe(0);
  });
});

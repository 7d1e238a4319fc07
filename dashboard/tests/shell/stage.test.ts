import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Route } from "../../src/addresses.ts";
import { preload, sceneOf, type AnyView } from "../../src/shell/scenes.ts";
import { Stage } from "../../src/shell/stage.svelte.ts";

const views = vi.hoisted(() => ({ load: new Map<string, () => Promise<unknown>>() }));

vi.mock("../../src/shell/scenes.ts", async (original) => {
  const real = await original<typeof import("../../src/shell/scenes.ts")>();
  return {
    ...real,
    sceneOf: (route: Route) => {
      const load = views.load.get(route.view);
      return load ? { ...real.sceneOf(route), loaded: undefined, load } : real.sceneOf(route);
    },
  };
});

const home: Route = { view: "needs-me" };
const all: Route = { view: "workspaces" };
const named = (name: string): AnyView => ({ name }) as unknown as AnyView;

function arriving(view: Route["view"]): { come: () => void; fail: () => void } {
  let come = (): void => {};
  let fail = (): void => {};
  views.load.set(view, () => new Promise((resolve, reject) => {
    come = () => resolve(named(view));
    fail = () => reject(new TypeError("Failed to fetch dynamically imported module"));
  }));
  return { come: () => come(), fail: () => fail() };
}

beforeEach(() => {
  views.load.clear();
  views.load.set("needs-me", () => Promise.resolve(named("needs-me")));
  vi.spyOn(console, "error").mockImplementation(() => {});
});

describe("the stage", () => {
  it("keeps a view until the next one is there", async () => {
    const stage = new Stage();
    await stage.show(home);
    const next = arriving("workspaces");
    const shown = stage.show(all);
    expect([stage.shown?.View, stage.loading]).toEqual([named("needs-me"), true]);
    next.come();
    await shown;
    expect([stage.shown?.View, stage.loading]).toEqual([named("workspaces"), false]);
  });

  it("shows what was wanted last, whatever comes last", async () => {
    const stage = new Stage();
    const late = arriving("workspaces");
    const first = stage.show(all);
    await stage.show(home);
    late.come();
    await first;
    expect([stage.shown?.View, stage.loading]).toEqual([named("needs-me"), false]);
  });

  it("says that a view cannot be had, until another one can", async () => {
    const stage = new Stage();
    await stage.show(home);
    const next = arriving("workspaces");
    const shown = stage.show(all);
    next.fail();
    await shown;
    expect([stage.failed, stage.loading]).toEqual([true, false]);
    await stage.show(home);
    expect(stage.failed).toBe(false);
  });

  it("is at the same place while only the filter changes, and at another with another workspace", async () => {
    const stage = new Stage();
    views.load.set("workspace", () => Promise.resolve(named("workspace")));
    const filter = { view: "list", statuses: null, assignee: null, waiting: false, q: "" } as const;
    const places: (string | undefined)[] = [];
    for (const route of [
      { view: "workspace", workspaceId: "w1", filter },
      { view: "workspace", workspaceId: "w1", filter: { ...filter, q: "pay" } },
      { view: "workspace", workspaceId: "w2", filter },
    ] as const) {
      await stage.show(route);
      places.push(stage.shown?.place);
    }
    expect(places[0]).toBe(places[1]);
    expect(places[1]).not.toBe(places[2]);
    expect(stage.shown?.props).toEqual({ workspaceId: "w2", filter });
  });
});

describe("a view that was there before", () => {
  it("is there again at once", async () => {
    views.load.clear();
    const stage = new Stage();
    await stage.show({ view: "personal" });
    await stage.show({ view: "not-found" });
    void stage.show({ view: "personal" });
    expect(stage.shown?.place).toBe("personal ");
  });
});

describe("views that nobody looked at yet", () => {
  it("are fetched one after the other while there is nothing else to do; what fails is asked for when wanted", async () => {
    const fetched: string[] = [];
    const load = (name: string) => () => {
      fetched.push(name);
      return name === "b" ? Promise.reject(new Error("offline")) : Promise.resolve();
    };
    await preload([load("a"), load("b"), load("c")]);
    expect(fetched).toEqual(["a", "b", "c"]);
  });

  it("are left when another version is about to take the place of this one", async () => {
    vi.resetModules();
    const scenes = await import("../../src/shell/scenes.ts");
    const second = vi.fn();
    await scenes.preload([() => Promise.resolve(scenes.stopPreloading()), second]);
    expect(second).not.toHaveBeenCalled();
  });

  it("all exist", async () => {
    const routes: Route[] = [
      { view: "personal" },
      { view: "signin", next: "/" },
      { view: "invitation" },
      { view: "settings", workspaceId: "w1", section: null },
      { view: "task", workspaceId: "w1", taskId: "t1" },
      { view: "not-found" },
    ];
    for (const route of routes) expect(await sceneOf(route).load(), route.view).toBeTypeOf("function");
  });
});

import { describe, expect, it, vi } from "vitest";
import { isWatched, show, type Tab } from "../../src/worker/windows.ts";

const tab = (focused: boolean, visibilityState = "hidden") => ({
  focused,
  visibilityState,
  focus: vi.fn(() => Promise.resolve()),
  postMessage: vi.fn(),
});
const among = (...all: Tab[]) => ({ all: () => Promise.resolve(all), open: vi.fn(() => Promise.resolve(null)) });

describe("showing a page", () => {
  it("goes there in the tab that one looks at, without opening or reloading any", async () => {
    const [hidden, visible, focused] = [tab(false), tab(false, "visible"), tab(true, "visible")];
    const tabs = among(hidden, visible, focused);
    await show("/w/w1", tabs);
    expect(focused.postMessage).toHaveBeenCalledWith({ type: "open", url: "/w/w1" });
    expect(focused.focus).toHaveBeenCalled();
    expect(visible.postMessage).not.toHaveBeenCalled();
    expect(hidden.postMessage).not.toHaveBeenCalled();
    expect(tabs.open).not.toHaveBeenCalled();
  });

  it("takes a tab in the background before it opens one", async () => {
    const hidden = tab(false);
    await show("/w/w1", among(hidden));
    expect(hidden.focus).toHaveBeenCalled();
  });

  it("opens a tab when there is none", async () => {
    const tabs = among();
    await show("/w/w1", tabs);
    expect(tabs.open).toHaveBeenCalledWith("/w/w1");
  });
});

it("somebody looks at a page only if it is in front and has the focus", () => {
  expect(isWatched([tab(true, "visible")])).toBe(true);
  expect(isWatched([tab(false, "visible"), tab(true, "hidden")])).toBe(false);
});

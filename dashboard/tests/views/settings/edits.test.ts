import { beforeEach, describe, expect, it } from "vitest";
import type { Workspace } from "../../../src/api/types.ts";
import { Edits, tooLong } from "../../../src/views/settings/edits.svelte.ts";
import { workspace } from "../../store/events.ts";

let now: Workspace | undefined;
const edits = (): Edits => new Edits("w1", () => now);

beforeEach(() => {
  localStorage.clear();
  now = workspace({ name: "Shop", mission: "Sell" });
});

describe("what one changes in a workspace's wording", () => {
  it("is what would be saved, and nothing else", () => {
    const typing = edits();
    typing.type("mission", "Sell more");
    expect(typing.wording).toEqual({ mission: "Sell more" });
    typing.type("mission", "Sell");
    expect(typing.unsaved).toBe(false);
  });

  it("is there again after a reload, until it is discarded", () => {
    edits().type("mission", "");
    expect(edits().wording).toEqual({ mission: "" });
    edits().discard();
    expect(edits().unsaved).toBe(false);
    expect(localStorage.length).toBe(0);
  });

  it("follows the workspace where nothing was typed", () => {
    const typing = edits();
    typing.type("mission", "Mine");
    now = workspace({ name: "Store", mission: "Sell" });
    expect(typing.shown("name")).toBe("Store");
    expect(typing.overtaken("name")).toBe(false);
    expect(typing.overtaken("mission")).toBe(false);
  });

  it("knows when somebody else changed the same thing, also from before a reload", () => {
    edits().type("mission", "Mine");
    now = workspace({ name: "Shop", mission: "Theirs" });
    const typing = edits();
    expect(typing.overtaken("mission")).toBe(true);
    typing.type("mission", "Mine, and theirs");
    expect(typing.overtaken("mission")).toBe(true);
    typing.type("mission", "Theirs");
    expect(typing.overtaken("mission")).toBe(false);
    expect(typing.unsaved).toBe(false);
  });

  it("is nothing any more once the workspace is gone", () => {
    const typing = edits();
    typing.type("name", "Mine");
    now = undefined;
    expect(typing.unsaved).toBe(false);
  });
});

it("counts characters as people do", () => {
  expect(tooLong("name", "🙂".repeat(100))).toBe(0);
  expect(tooLong("name", "🙂".repeat(102))).toBe(2);
});

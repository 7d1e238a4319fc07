import { describe, expect, it } from "vitest";
import { listed, type Entry } from "../../src/shell/entries.ts";

const entry = (id: string, more: Partial<Entry> = {}): Entry => ({ id, title: id, group: "Go to", run: () => {}, ...more });
const titles = (entries: Entry[], query: string, recent: string[] = []): string[][] =>
  listed(entries, query, recent).map(({ name, entries }) => [name, ...entries.map(({ id }) => id)]);

describe("what the palette lists", () => {
  const entries = [
    entry("inbox"),
    entry("shop", { group: "Workspaces", also: "sells things" }),
    entry("shop tokens", { group: "Workspaces", deep: true }),
    entry("shopping list", { group: "Tasks", deep: true }),
  ];

  it("is what one may want anyway while nothing is typed, the latest choices first, each once", () => {
    expect(titles(entries, " ")).toEqual([["Go to", "inbox"], ["Workspaces", "shop"]]);
    expect(titles(entries, "", ["shop tokens", "gone", "inbox"])).toEqual([
      ["Recent", "shop tokens", "inbox"],
      ["Workspaces", "shop"],
    ]);
  });

  it("is everything that is meant once something is typed, the best group first", () => {
    expect(titles(entries, "sho")).toEqual([["Workspaces", "shop", "shop tokens"], ["Tasks", "shopping list"]]);
  });

  it("prefers what was chosen lately, but not to what is clearly meant", () => {
    expect(titles(entries, "sho", ["shopping list"])[0]).toEqual(["Tasks", "shopping list"]);
    expect(titles(entries, "tokens", ["shopping list"])).toEqual([["Workspaces", "shop tokens"]]);
  });

  it("finds by other words what does not say them in its title", () => {
    expect(titles(entries, "sells")).toEqual([["Workspaces", "shop"]]);
  });

  it("has an end", () => {
    const many = Array.from({ length: 500 }, (_, n) => entry(`task ${n}`));
    expect(listed(many, "task", []).flatMap(({ entries }) => entries)).toHaveLength(40);
  });
});

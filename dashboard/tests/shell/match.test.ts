import { describe, expect, it } from "vitest";
import { match } from "../../src/shell/match.ts";

/** The names that the query means, best first. */
function ranked(query: string, names: string[]): string[] {
  const rated = names.map((name) => ({ name, score: match(query, name) }));
  return rated
    .filter(({ score }) => score !== null)
    .sort((a, b) => (b.score ?? 0) - (a.score ?? 0))
    .map(({ name }) => name);
}

describe("matching", () => {
  it("prefers the start of the name, then of a word, then its inside, then scattered letters", () => {
    const names = ["Two apples sink", "a multitasker", "New task", "Task list"];
    expect(ranked("tas", names)).toEqual(["Task list", "New task", "a multitasker", "Two apples sink"]);
  });

  it("wants every word, in any order", () => {
    expect(match("settings shop", "shop: settings")).not.toBeNull();
    expect(match("settings shop", "shop: tokens")).toBeNull();
  });

  it("finds names by the starts of their words", () => {
    expect(ranked("nw", ["New task", "New workspace", "Needs me"])[0]).toBe("New workspace");
    expect(match("msb", "my-saas-backend")).not.toBeNull();
  });

  it("takes no accident for a meaning", () => {
    expect(match("xyz", "Example of a very long title, oddly named by zealots")).toBeNull();
    expect(match("task", "The authors are asked kindly")).toBeNull();
  });

  it("does not mind case and accents", () => {
    expect(match("RESUME", "Résumé of the outage")).toBe(match("résumé", "Résumé of the outage"));
    expect(match("zurich", "Zürich")).not.toBeNull();
  });

  it("means the shorter of two equally good names", () => {
    expect(ranked("shop", ["shop: board", "shop"])).toEqual(["shop", "shop: board"]);
  });
});

import { describe, expect, it } from "vitest";
import { Roving } from "../../src/views/needs-me/roving.svelte.ts";

function at(key: string, keys: string[]): Roving {
  const roving = new Roving();
  roving.follow(keys);
  roving.take(key);
  return roving;
}

describe("the current item", () => {
  it("is the first one to begin with", () => {
    const roving = new Roving();
    expect(roving.follow(["a", "b"])).toBe(false);
    expect(roving.key).toBe("a");
  });

  it("stays, whatever comes or goes around it", () => {
    const roving = at("b", ["a", "b", "c"]);
    expect(roving.follow(["new", "b", "newer"])).toBe(false);
    expect(roving.key).toBe("b");
  });

  it("gives way to the one that followed it, though others went or came at the same time", () => {
    const roving = at("b", ["a", "b", "c", "d"]);
    expect(roving.follow(["a", "new", "d"])).toBe(true);
    expect(roving.key).toBe("d");
  });

  it("gives way to the one before it at the end, and to nothing in an empty list", () => {
    const roving = at("c", ["a", "b", "c"]);
    roving.follow(["a", "b"]);
    expect(roving.key).toBe("b");
    expect(roving.follow([])).toBe(true);
    expect(roving.key).toBeNull();
    expect(roving.follow(["x"])).toBe(false);
    expect(roving.key).toBe("x");
  });

  it("moves no further than the ends", () => {
    const roving = at("b", ["a", "b"]);
    expect([roving.move(1), roving.move(-1), roving.move(-1)]).toEqual(["b", "a", "a"]);
  });
});

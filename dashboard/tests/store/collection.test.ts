import { describe, expect, it } from "vitest";
import { Collection } from "../../src/store/collection.ts";

interface Thing {
  id: string;
  version: number;
  name?: string;
}

describe("a collection", () => {
  it("keeps the newest version whatever comes last", () => {
    const things = new Collection<Thing>();
    things.put({ id: "a", version: 3 }, 3);
    things.put({ id: "a", version: 2 }, 9);
    expect(things.get("a")?.version).toBe(3);
  });

  it("prefers what was true later among equal versions", () => {
    const things = new Collection<Thing>();
    things.put({ id: "a", version: 1, name: "later" }, 5);
    things.put({ id: "a", version: 1, name: "earlier" }, 4);
    expect(things.get("a")?.name).toBe("later");
  });

  it("drops what a complete list no longer names", () => {
    const things = new Collection<Thing>();
    things.put({ id: "a", version: 1 }, 1);
    things.put({ id: "b", version: 1 }, 1);
    things.reconcile([{ id: "b", version: 1 }], 2, () => true);
    expect(things.values().map(({ id }) => id)).toEqual(["b"]);
  });

  it("keeps what was created after a list was taken", () => {
    const things = new Collection<Thing>();
    things.put({ id: "a", version: 1 }, 7);
    things.reconcile([], 6, () => true);
    expect(things.get("a")).toBeDefined();
  });

  it("keeps what a list does not cover", () => {
    const things = new Collection<Thing>();
    things.put({ id: "a", version: 1, name: "elsewhere" }, 1);
    things.reconcile([], 2, (thing) => thing.name === "here");
    expect(things.get("a")).toBeDefined();
  });

  it("shows what is expected until that is over, and then what the server said", () => {
    const things = new Collection<Thing>();
    things.put({ id: "a", version: 1, name: "old" }, 1);
    const over = things.expect("a", (thing) => ({ ...thing, name: "new" }));
    expect(things.get("a")?.name).toBe("new");
    expect(things.values()).toEqual([{ id: "a", version: 1, name: "new" }]);
    expect(things.confirmed("a")?.name).toBe("old");
    over();
    expect(things.get("a")?.name).toBe("old");
  });

  it("shows several expectations on top of each other, and on top of what comes in", () => {
    const things = new Collection<Thing>();
    things.put({ id: "a", version: 1, name: "a" }, 1);
    const first = things.expect("a", (thing) => ({ ...thing, name: `${thing.name}1` }));
    const second = things.expect("a", (thing) => ({ ...thing, name: `${thing.name}2` }));
    expect(things.get("a")?.name).toBe("a12");
    things.put({ id: "a", version: 2, name: "b" }, 2);
    expect(things.get("a")?.name).toBe("b12");
    first();
    expect(things.get("a")?.name).toBe("b2");
    second();
    expect(things.get("a")?.name).toBe("b");
  });

  it("hides what is expected to go, and brings it back when it did not", () => {
    const things = new Collection<Thing>();
    things.put({ id: "a", version: 1 }, 1);
    const over = things.expect("a", () => null);
    expect(things.get("a")).toBeUndefined();
    expect(things.values()).toEqual([]);
    over();
    expect(things.get("a")).toBeDefined();
  });
});

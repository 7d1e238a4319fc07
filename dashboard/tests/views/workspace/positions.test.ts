import { describe, expect, it } from "vitest";
import { positionsFor, type Placed } from "../../../src/views/workspace/positions.ts";

const at = (...positions: number[]): Placed[] => positions.map((position, number) => ({ id: `t${number}`, position }));

/** The column as it stands when the answer was applied, by the server's order. */
function applied(column: Placed[], moved: string, index: number): Placed[] {
  const changes = new Map(positionsFor(moved, index, column).map((one) => [one.id, one.position]));
  const known = column.some(({ id }) => id === moved) ? column : [...column, { id: moved, position: -1 }];
  return known
    .map(({ id, position }) => ({ id, position: changes.get(id) ?? position }))
    .sort((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1));
}

const ids = (column: Placed[]): string[] => column.map(({ id }) => id);

describe("positions in a column", () => {
  it("lie between those of the neighbours", () => {
    expect(positionsFor("x", 1, at(1, 2))).toEqual([{ id: "x", position: 1.5 }]);
    expect(positionsFor("x", 0, at(5, 6))).toEqual([{ id: "x", position: 4 }]);
    expect(positionsFor("x", 0, at(0.5))).toEqual([{ id: "x", position: 0.25 }]);
    expect(positionsFor("x", 2, at(1, 2.5))).toEqual([{ id: "x", position: 3 }]);
    expect(positionsFor("x", 0, [])).toEqual([{ id: "x", position: 1 }]);
  });

  it("count the place among the others when a task moves within its column", () => {
    expect(ids(applied(at(1, 2, 3), "t0", 2))).toEqual(["t1", "t2", "t0"]);
    expect(ids(applied(at(1, 2, 3), "t2", 0))).toEqual(["t2", "t0", "t1"]);
    expect(ids(applied(at(1, 2, 3), "t1", 1))).toEqual(["t0", "t1", "t2"]);
  });

  it("make neighbours step aside where there is no room, as few as it takes", () => {
    const column = at(1, 2, 2.000001, 3, 4);
    const changes = positionsFor("x", 2, column);
    expect(ids(changes)).toEqual(["t1", "x", "t2"]);
    expect(ids(applied(column, "x", 2))).toEqual(["t0", "t1", "x", "t2", "t3", "t4"]);
  });

  it("find room among equal ones and before the first possible", () => {
    expect(ids(applied(at(7, 7, 7), "x", 1))).toEqual(["t0", "x", "t1", "t2"]);
    expect(ids(applied(at(0, 0.000001), "x", 0))).toEqual(["x", "t0", "t1"]);
    for (const { position } of applied(at(0, 0), "x", 0)) expect(position).toBeGreaterThan(0);
  });

  it("hold every order however often tasks are put to the same place", () => {
    let column = at(1, 2, 3, 4);
    let wanted = ids(column);
    for (let turn = 0; turn < 500; turn += 1) {
      const moved = wanted.at(-1)!;
      const index = turn % 3;
      wanted = wanted.filter((id) => id !== moved);
      wanted.splice(index, 0, moved);
      column = applied(column, moved, index);
      expect(ids(column)).toEqual(wanted);
      // Six decimals are what the server keeps apart.
      for (const { position } of column) expect(Math.round(position * 1e6) / 1e6).toBe(position);
    }
  });
});

import { describe, expect, it } from "vitest";
import { afterOf } from "../../src/store/event-stream.ts";

const many = (count: number, seq: number) =>
  new Map(Array.from({ length: count }, (_, at) => [`0SvZyei${String(at).padStart(4, "0")}`, seq] as const));

describe("what a stream says it has", () => {
  it("names each workspace with its last event", () => {
    expect(afterOf(new Map([["0SvZyeiS0Mk", 5], ["0SvZyeiS0Ml", 9]]))).toBe("0SvZyeiS0Mk:5,0SvZyeiS0Ml:9");
  });

  it("names no more than a URL has room for", () => {
    expect(afterOf(many(500, 1)).split(",")).toHaveLength(200);
    const long = afterOf(many(500, 10 ** 15 - 1));
    expect(long.length).toBeLessThanOrEqual(3_800);
    expect(long.split(",").length).toBeGreaterThan(130);
  });
});

import { expect, it } from "vitest";
import { IdempotencyKey } from "../../src/api/idempotency.ts";

it("repeats the key for a repeated attempt, and only for that", () => {
  const key = new IdempotencyKey();
  const first = key.for("a");
  expect(key.for("a")).toBe(first);
  const other = key.for("b");
  expect(other).not.toBe(first);
  key.used();
  expect(key.for("b")).not.toBe(other);
});

import { cleanup, render, screen } from "@testing-library/svelte";
import { afterEach, expect, it } from "vitest";
import Time from "../../src/parts/Time.svelte";
import { exactTime } from "../../src/text/time.ts";

afterEach(cleanup);

it("a time says how long ago it was, and exactly when to who points at it", () => {
  const at = new Date().toISOString();
  render(Time, { at });
  const shown = screen.getByText("now");
  expect(shown.getAttribute("title")).toBe(exactTime(at));
  expect(shown.getAttribute("datetime")).toBe(at);
});

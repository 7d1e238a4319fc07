import { describe, expect, it } from "vitest";
import { dayName, exactTime, timeAgo } from "../../src/text/time.ts";

// A Saturday, an hour after midnight, by the clock of whoever looks.
const NOW = new Date(2026, 10, 21, 1, 0, 0).getTime();
const at = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString();
const [MINUTE, HOUR, DAY] = [60, 3_600, 86_400];
const said = (amount: number, unit: Intl.RelativeTimeFormatUnit): string =>
  new Intl.RelativeTimeFormat(undefined, { style: "narrow" }).format(amount, unit);

describe("a time", () => {
  it.each([
    [-59, "now"],
    [59, "now"],
    [-MINUTE, said(-1, "minute")],
    [-59 * MINUTE - 59, said(-59, "minute")],
    [-HOUR, said(-1, "hour")],
    [5 * HOUR, said(5, "hour")],
    [4 * DAY + HOUR, said(4, "day")],
  ])("that is %i s away is said as %s", (seconds, words) => {
    expect(timeAgo(at(seconds), NOW)).toBe(words);
  });

  it("that is more than a day ago is not called yesterday, as it may have been the day before", () => {
    expect(timeAgo(at(-DAY - 2 * HOUR), NOW)).toBe(said(-1, "day"));
  });

  it("that is weeks away is said as its date", () => {
    expect(timeAgo(at(-15 * DAY), NOW)).toBe(new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(NOW - 15 * DAY * 1000));
  });

  it("is exact to the second where that is asked for", () => {
    expect(exactTime(at(7))).toMatch(/\b0?1\D00\D07\b/);
  });
});

describe("the name of a day", () => {
  it("is by the calendar, however few hours ago it was", () => {
    expect([at(0), at(-2 * HOUR)].map((one) => dayName(Date.parse(one), NOW))).toEqual(["Today", "Yesterday"]);
  });
});

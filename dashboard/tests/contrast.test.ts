/** The colours of app.css against each other, by the arithmetic of WCAG 2.2. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const CSS = readFileSync("src/app.css", "utf8");
const THEMES = ["light", "dark"] as const;
const GROUNDS = ["paper", "raised", "sunken"];

const colours = new Map(
  [...CSS.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, light, dark]) => [
    name ?? "",
    { light: light ?? "", dark: dark ?? "" },
  ]),
);

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function ratio(ink: string, ground: string, theme: (typeof THEMES)[number]): number {
  const [a = 0, b = 0] = [ink, ground].map((name) => luminance(colours.get(name)?.[theme] ?? "#000000"));
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** What is written in which colour on which ground. */
const TEXTS: [ink: string, grounds: string[]][] = [
  ["ink", [...GROUNDS, "line", "accent-wash", "bad-wash"]],
  ["soft", [...GROUNDS, "accent-wash"]],
  ["accent", [...GROUNDS, "line", "accent-wash"]],
  ["accent-ink", ["accent"]],
  ["good", GROUNDS],
  ["bad", [...GROUNDS, "bad-wash"]],
];

/** What has to be seen, not read: the borders of controls, the ring of the focus, lights. */
const SIGNS: [ink: string, grounds: string[]][] = [
  ["edge", GROUNDS],
  ["accent", GROUNDS],
  ["good", GROUNDS],
  ["bad", GROUNDS],
];

describe.each(THEMES)("in the %s theme", (theme) => {
  it.each(TEXTS)("%s can be read on %j", (ink, grounds) => {
    for (const ground of grounds) expect(ratio(ink, ground, theme), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
  });

  it.each(SIGNS)("%s is seen on %j", (ink, grounds) => {
    for (const ground of grounds) expect(ratio(ink, ground, theme), `${ink} on ${ground}`).toBeGreaterThanOrEqual(3);
  });

  it("every colour that is named here exists", () => {
    const named = [...TEXTS, ...SIGNS].flatMap(([ink, grounds]) => [ink, ...grounds]);
    expect(named.filter((name) => !colours.has(name))).toEqual([]);
  });
});

import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { theme } from "../../src/shell/theme.svelte.ts";

const root = document.documentElement;
const media = (): string[] => [...document.querySelectorAll("meta")].map((meta) => meta.media);

beforeEach(() => {
  document.head.innerHTML = ["light", "dark"]
    .map((scheme) => `<meta name="theme-color" data-scheme="${scheme}" media="(prefers-color-scheme: ${scheme})">`)
    .join("");
  theme.choose("system");
});

/** What the script before the first paint does with what was kept. */
function openPage(): void {
  delete root.dataset["theme"];
  new Function(readFileSync("public/theme.js", "utf8"))();
}

describe("the theme", () => {
  it("is the system's unless one is chosen", () => {
    openPage();
    expect(root.dataset["theme"]).toBeUndefined();
    expect(media()).toEqual(["(prefers-color-scheme: light)", "(prefers-color-scheme: dark)"]);
  });

  it.each([
    ["dark", ["not all", "all"]],
    ["light", ["all", "not all"]],
  ] as const)("is %s at once when chosen, and before anything is painted next time", (choice, colours) => {
    theme.choose(choice);
    expect([theme.choice, root.dataset["theme"], media()]).toEqual([choice, choice, colours]);
    openPage();
    expect([root.dataset["theme"], media()]).toEqual([choice, colours]);
    theme.choose("system");
    expect(media()).toEqual(["(prefers-color-scheme: light)", "(prefers-color-scheme: dark)"]);
    expect(localStorage.length).toBe(0);
  });

  it("changes in every tab", () => {
    localStorage.setItem("handrail:theme", "dark");
    window.dispatchEvent(new StorageEvent("storage", { key: "handrail:theme" }));
    expect(root.dataset["theme"]).toBe("dark");
  });

  it("is the system's when what was kept means nothing", () => {
    localStorage.setItem("handrail:theme", "purple");
    openPage();
    expect(root.dataset["theme"]).toBeUndefined();
  });
});

// @vitest-environment node
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildOf } from "../../build/service-worker.ts";

let folder: string;
const write = (path: string, content = path): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dist-"));
  for (const path of ["index.html", "icon.svg", "theme.js", "sw.js", "manifest.webmanifest", "assets/index-1.js"]) write(path);
  for (const path of ["index.html.br", "icons/icon-512.png", "assets/deep/style-1.css"]) write(path);
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("what the service worker keeps of a build", () => {
  it("is the page at its address and everything that it may load, but for itself", () => {
    expect(buildOf(folder, "sw.js").files).toEqual([
      "/assets/deep/style-1.css",
      "/assets/index-1.js",
      "/icon.svg",
      "/",
      "/manifest.webmanifest",
      "/theme.js",
    ]);
  });

  it("has another version as soon as anything in it changes, and only then", () => {
    const { version } = buildOf(folder, "sw.js");
    write("icons/icon-512.png", "not kept");
    write("sw.js", "itself");
    expect(buildOf(folder, "sw.js").version).toBe(version);
    write("index.html", "another page");
    expect(buildOf(folder, "sw.js").version).not.toBe(version);
  });
});

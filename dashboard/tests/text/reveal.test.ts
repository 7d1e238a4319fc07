import { describe, expect, it } from "vitest";
import { reveal, revealed } from "../../src/text/reveal.ts";

describe("revealed text", () => {
  it("names direction overrides, controls and characters without width", () => {
    expect(revealed("invoice\u202Efdp.exe")).toBe("invoice[U+202E]fdp.exe");
    expect(revealed("rm\u0007 -rf\u200b\u2066")).toBe("rm[U+0007] -rf[U+200B][U+2066]");
    expect(revealed("a\u{e0041}b")).toBe("a[U+E0041]b");
  });

  it("names a carriage return, which could overwrite what stands before it", () => {
    expect(revealed("rm -rf ~\rls")).toBe("rm -rf ~[U+000D]ls");
  });

  it("leaves honest text alone", () => {
    for (const text of ["Naïve café", "שלום", "日本語", "👩‍💻 ❤️ 1️⃣ #️⃣", "می‌خواهم"]) expect(revealed(text)).toBe(text);
  });

  it("names spaces that only look like one in what will be run, and leaves them to prose", () => {
    const text = "rm\u00a0-rf\u2003~\u3000x";
    expect(revealed(text, { exact: true })).toBe("rm[U+00A0]-rf[U+2003]~[U+3000]x");
    expect(revealed(text)).toBe(text);
  });

  it("names a variation selector that varies nothing", () => {
    expect(revealed("rm 1\ufe0f a\ufe0f")).toBe("rm 1[U+FE0F] a[U+FE0F]");
  });

  it("keeps the lines of a command and makes one line of a title", () => {
    expect(reveal("a\n\tb")).toEqual([{ text: "a\n\tb", hidden: false }]);
    expect(revealed("a\n\tb")).toBe("a  b");
  });
});

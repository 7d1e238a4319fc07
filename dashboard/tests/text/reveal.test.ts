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
    for (const text of ["Naïve café", "שלום", "日本語", "👩‍💻 ❤️", "می‌خواهم"]) expect(revealed(text)).toBe(text);
  });

  it("keeps the lines of a command and makes one line of a title", () => {
    expect(reveal("a\n\tb")).toEqual([{ text: "a\n\tb", hidden: false }]);
    expect(revealed("a\n\tb")).toBe("a  b");
  });
});

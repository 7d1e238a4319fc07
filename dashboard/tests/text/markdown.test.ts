import { Lexer, Tokenizer } from "marked";
import { describe, expect, it, vi } from "vitest";
import { render } from "../../src/text/markdown.ts";
import { ALL, alive, EMBEDDED, HANDLERS, SCRIPTS, STYLES } from "./hostile.ts";

function rendered(markdown: string): HTMLElement {
  const host = document.createElement("div");
  host.append(render(markdown));
  return host;
}

describe("markdown", () => {
  it.each(ALL)("leaves nothing alive of %j", (hostile) => {
    expect(alive(rendered(hostile))).toEqual([]);
    expect(alive(rendered(`before\n\n${hostile}\n\n* after ${hostile}\n\n|${hostile}|\n|-|\n`))).toEqual([]);
  });

  it.each([...SCRIPTS, ...HANDLERS, ...EMBEDDED, ...STYLES].filter((text) => !/[\n\t`]|&#/.test(text)))("shows all of %j", (hostile) => {
    expect(rendered(`a ${hostile}`).textContent?.trim()).toBe(`a ${hostile}`);
  });

  it("shows raw HTML as it was written", () => {
    expect(rendered("use <word> and <script>x</script>").textContent?.trim()).toBe("use <word> and <script>x</script>");
  });

  it("opens links apart from this page and tells them nothing", () => {
    const link = rendered("[site](https://example.org)").querySelector("a");
    expect(link?.getAttribute("target")).toBe("_blank");
    expect(link?.getAttribute("rel")).toBe("noopener noreferrer");
  });

  it("makes a link of an image instead of loading it", () => {
    const host = rendered("![a chart](https://example.org/c.png)");
    expect(host.querySelector("img")).toBeNull();
    expect(host.querySelector("a")?.textContent).toBe("a chart");
  });

  it("says where a link leads whose words name another place, and only then", () => {
    const words = (markdown: string): string => rendered(markdown).textContent!.trim();
    expect(words("[https://bank.example](https://evil.example/x)")).toBe("https://bank.example (evil.example)");
    expect(words("[bank.example](https://evil.example:81)")).toBe("bank.example (evil.example:81)");
    expect(words("[www.bank.example/in](https://bank.example/out)")).toBe("www.bank.example/in");
    expect(words("https://bank.example/x and [the bank](https://bank.example)")).toBe("https://bank.example/x and the bank");
    expect(words("[package.json](https://example.org/x)")).toBe("package.json (example.org)");
  });

  it("names characters that hide or reorder, in code too", () => {
    const host = rendered("pay \u202Eeno\n\n`a\u200bb`");
    expect(host.textContent?.trim()).toBe("pay U+202Eeno\naU+200Bb");
    expect(host.querySelectorAll("mark")).toHaveLength(2);
  });

  it("keeps what people use: lists, code, tables, checked items", () => {
    const host = rendered("- [x] done\n- [ ] open\n\n`code`\n\n|a|b|\n|-|-:|\n|1|2|");
    expect(host.querySelectorAll("li, code, td")).toHaveLength(5);
    expect(host.textContent).toContain("☑ done");
  });

  it.each(["> ", "1. ", "- > "])("shows as it was written what is nested without end: %j", (piece) => {
    const markdown = `before\n\n${piece.repeat(10_000)}x`;
    expect(rendered(markdown).textContent).toBe(markdown);
  });

  /** How many characters the parser looks at, at every place where something may be set apart. */
  function steps(markdown: string): number {
    let looked = 0;
    const { emStrong } = Tokenizer.prototype;
    const watched = vi.spyOn(Tokenizer.prototype, "emStrong").mockImplementation(function (this: Tokenizer, ...given) {
      looked += given[0].length;
      watched.mock.calls.length = 0;
      return emStrong.apply(this, given);
    });
    rendered(markdown);
    watched.mockRestore();
    return looked;
  }

  const MANY = ["**a**b", "a**b", "**a** ", "_a_ ", "*a ", "***a*", "~~a", "~a~ ", "[a](", "[a][", "[", "![", "`a ", "<a ", "a@b.", "www.a ", "http://a "];

  it.each(MANY)("takes time for each mark of a text once, not for each pair of them: %j", (piece) => {
    const markdown = piece.repeat(2 ** 14 / piece.length);
    const looked = steps(markdown);
    expect(looked).toBeLessThan(400 * markdown.length);
    expect(steps(`${markdown}\n\n${markdown}`)).toBeLessThanOrEqual(2 * looked);
    expect(rendered(markdown).textContent?.trim()).toBe(markdown.trim());
  });

  it("sets apart what is around a paragraph with too many marks, and keeps its lines", () => {
    const host = rendered(`# **Title**\n\n${"**a**b\n".repeat(500)}\n- *one*\n`);
    expect(host.querySelectorAll("h1 strong, li em")).toHaveLength(2);
    expect(host.querySelectorAll("p br")).toHaveLength(499);
    expect(host.querySelector("p strong")).toBeNull();
  });

  it("shows as it was written what the parser's stack is too small for", () => {
    const lexing = vi.spyOn(Lexer.prototype, "blockTokens").mockImplementation(() => {
      throw new RangeError("Maximum call stack size exceeded");
    });
    expect(rendered("**deep** down").textContent).toBe("**deep** down");
    lexing.mockRestore();
  });
});

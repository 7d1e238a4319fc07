import { Lexer } from "marked";
import { describe, expect, it, vi } from "vitest";
import { render } from "../../src/text/markdown.ts";

function rendered(markdown: string): HTMLElement {
  const host = document.createElement("div");
  host.append(render(markdown));
  return host;
}

const HOSTILE = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg/onload=alert(1)>",
  "<a href='javascript:alert(1)' onclick=alert(1)>x</a>",
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "<style>*{display:none}</style><p style='position:fixed'>x</p>",
  "<form action=/api><button name=x>y</button></form>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java\nscript:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](data:text/html;base64,PHNjcmlwdD4=)",
  "[x](/auth/google/login)",
  "![x](javascript:alert(1))",
  '![x](https://e.org/p.png" onerror="alert(1))',
  '![" onerror="alert(1)](https://e.org/p.png)',
  "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
  "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
  '[x](https://e.org "\' onmouseover=alert(1)")',
  "```<script>\nalert(1)\n```",
];
const ALLOWED = new Set(["href", "title", "target", "rel", "start", "align"]);

describe("markdown", () => {
  it.each(HOSTILE)("leaves nothing alive of %s", (hostile) => {
    for (const node of rendered(`before\n\n${hostile}\n\nafter ${hostile}`).querySelectorAll("*")) {
      expect("SCRIPT IMG SVG IFRAME STYLE FORM BUTTON MATH INPUT".split(" ")).not.toContain(node.tagName.toUpperCase());
      for (const { name } of node.attributes) expect(ALLOWED).toContain(name);
      if (node.hasAttribute("href")) expect(node.getAttribute("href")).toMatch(/^(https?|mailto):/i);
    }
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

  it("keeps what people use: lists, code, tables, checked items", () => {
    const host = rendered("- [x] done\n- [ ] open\n\n`code`\n\n|a|b|\n|-|-:|\n|1|2|");
    expect(host.querySelectorAll("li, code, td")).toHaveLength(5);
    expect(host.textContent).toContain("☑ done");
  });

  it.each(["> ", "1. ", "- > "])("shows as it was written what is nested without end: %j", (piece) => {
    const markdown = `before\n\n${piece.repeat(10_000)}x`;
    expect(rendered(markdown).textContent).toBe(markdown);
  });

  it("shows as it was written what the parser's stack is too small for", () => {
    const lexing = vi.spyOn(Lexer.prototype, "blockTokens").mockImplementation(() => {
      throw new RangeError("Maximum call stack size exceeded");
    });
    expect(rendered("**deep** down").textContent).toBe("**deep** down");
    lexing.mockRestore();
  });
});

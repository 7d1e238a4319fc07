/**
 * Markdown from people and agents to nodes that can do no harm. Raw HTML is shown as it was written, never
 * obeyed; images become links (nothing is loaded from elsewhere); links open apart, lead to the web only, and say
 * where when their words say something else; characters that hide or reorder others are named.
 * Loaded when the first markdown is shown: see `Markdown.svelte`.
 */
import createDOMPurify from "dompurify";
import { Lexer, Marked, type Token, type Tokens } from "marked";
import { reveal } from "./reveal.ts";

const ALLOWED_TAGS = [
  ...["a", "p", "br", "hr", "strong", "em", "del", "code", "pre", "blockquote"],
  ...["ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6"],
  ...["table", "thead", "tbody", "tr", "th", "td"],
];
const WEB_ADDRESS = /^(?:https?|mailto):/i;

const marked = new Marked({
  gfm: true,
  breaks: true,
  async: false,
  renderer: {
    html: ({ text }: Tokens.HTML | Tokens.Tag) => escape(text),
    // Between raw tags the parser takes text for HTML: it is as little obeyed as they are.
    text: (token: Tokens.Text | Tokens.Escape) => ("escaped" in token && token.escaped ? escape(token.text) : false),
    image: ({ href, text }: Tokens.Image) => `<a href="${escape(href)}">${escape(text || href)}</a>`,
    checkbox: ({ checked }: Tokens.Checkbox) => (checked ? "☑ " : "☐ "),
  },
});

const purify = createDOMPurify(window);
purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A") return;
  node.setAttribute("target", "_blank");
  node.setAttribute("rel", "noopener noreferrer");
});

/** Where a part of a line may begin that is set apart. The parser looks ahead from each as far as the text goes. */
const MARKS = /[*_~`[\]<!\\&@]|:\/\/|www\./g;
/** In one paragraph, line of a list or cell, nobody needs more of them; 64 KB of them would take seconds. */
const MOST_MARKS = 400;

/** Shows as it was written what has more marks than that; the rest of the text is as ever. */
class BoundedLexer extends Lexer {
  override inlineTokens(source: string, tokens: Token[] = []): Token[] {
    if ((source.match(MARKS)?.length ?? 0) <= MOST_MARKS) return super.inlineTokens(source, tokens);
    for (const [place, text] of source.split("\n").entries()) {
      if (place > 0) tokens.push({ type: "br", raw: "\n" });
      tokens.push({ type: "text", raw: text, text, escaped: false });
    }
    return tokens;
  }
}

/** Nobody writes quotes and lists inside each other this deep, and the parser would take seconds for it. */
const TOO_DEEP = /^[ \t]*(?:>[ \t]?|(?:[-*+]|\d{1,9}[.)])[ \t]+){33}/m;

export function render(markdown: string): DocumentFragment {
  if (TOO_DEEP.test(markdown)) return asWritten(markdown);
  try {
    return honest(harmless(marked.parser(new BoundedLexer(marked.defaults).lex(markdown))));
  } catch (error) {
    // Text that is built to exhaust the parser's stack has no better form than its own.
    if (error instanceof RangeError) return asWritten(markdown);
    throw error;
  }
}

function asWritten(markdown: string): DocumentFragment {
  const fragment = new DocumentFragment();
  const block = document.createElement("pre");
  block.textContent = markdown;
  fragment.append(block);
  return honest(fragment);
}

/** An address, or what a reader takes for one. */
const ADDRESS = /^\s*(?:https?:\/\/)?((?:[\p{L}\p{N}-]+\.)+\p{L}{2,})(?:[/:?#\s]|$)/iu;

function honest(fragment: DocumentFragment): DocumentFragment {
  for (const link of fragment.querySelectorAll<HTMLAnchorElement>("a[href]")) tellWhere(link);
  const texts = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  const all: Text[] = [];
  while (texts.nextNode()) all.push(texts.currentNode as Text);
  all.forEach(nameHidden);
  return fragment;
}

/** Words that look like one address on a link to another: the true one stands beside them. */
function tellWhere(link: HTMLAnchorElement): void {
  const said = ADDRESS.exec(link.textContent)?.[1]?.toLowerCase();
  if (!said || !link.host || without(link.hostname) === without(said)) return;
  link.append(` (${link.host})`);
}

function without(host: string): string {
  return host.replace(/^www\./, "");
}

function nameHidden(text: Text): void {
  const pieces = reveal(text.data);
  if (!pieces.some(({ hidden }) => hidden)) return;
  text.replaceWith(...pieces.map(({ text, hidden }) => (hidden ? named(text) : text)));
}

function named(code: string): HTMLElement {
  const mark = document.createElement("mark");
  mark.title = "Hidden character";
  mark.textContent = code;
  return mark;
}

function harmless(html: string): DocumentFragment {
  return purify.sanitize(html, {
    ALLOWED_TAGS,
    ALLOWED_ATTR: ["href", "title", "start", "align"],
    ALLOWED_URI_REGEXP: WEB_ADDRESS,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

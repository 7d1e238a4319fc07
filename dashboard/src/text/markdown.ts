/**
 * Markdown from people and agents to nodes that can do no harm. Raw HTML is shown as it was written, never
 * obeyed; images become links (nothing is loaded from elsewhere); links open apart and lead to the web only.
 * Loaded when the first markdown is shown: see `Markdown.svelte`.
 */
import createDOMPurify from "dompurify";
import { Marked, type Tokens } from "marked";

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

/** Nobody writes quotes and lists inside each other this deep, and the parser would take seconds for it. */
const TOO_DEEP = /^[ \t]*(?:>[ \t]?|(?:[-*+]|\d{1,9}[.)])[ \t]+){33}/m;

export function render(markdown: string): DocumentFragment {
  if (TOO_DEEP.test(markdown)) return asWritten(markdown);
  try {
    return harmless(marked.parse(markdown, { async: false }));
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
  return fragment;
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

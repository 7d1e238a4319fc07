"""Watches a browser for signs that something hostile was obeyed."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Dialog, Frame, Page, Request

# What is obeyed calls `harmed()`. The page's own scripts never do.
CANARY = "window.harmed = () => window.harmedHere('harmed() ran')"

# Elements and attributes by which a document does something, unless they are the page's own.
ALIVE = r"""() => {
  const found = [];
  const say = (element, why) => found.push(`${why}: ${element.outerHTML.slice(0, 200)}`);
  const OWN_SVG = ["svg", "path", "circle", "ellipse", "rect", "line", "polyline", "polygon", "g", "title"];
  const NEVER = "iframe, frame, object, embed, base, form[action], [http-equiv], template, math, marquee, applet";
  for (const element of document.querySelectorAll(NEVER)) say(element, "must not be here");
  for (const element of document.querySelectorAll("svg, svg *"))
    if (!OWN_SVG.includes(element.localName)) say(element, "not a drawing of ours");
  for (const element of document.querySelectorAll("script, link, style"))
    if (!document.head.contains(element)) say(element, "outside the head");
  for (const element of document.querySelectorAll("*")) {
    // Not `element.attributes`, in whose place a hostile form may have put an input of that name.
    for (const name of element.getAttributeNames()) {
      const value = element.getAttribute(name);
      if (name.startsWith("on") || name === "srcdoc" || name === "srcset") say(element, "does something");
      if (name === "style" && /url|expression|animation|position:\s*fixed/i.test(value)) say(element, "styled");
      if (!/^(xlink:href|href|src|formaction|poster|data|background|ping|action)$/.test(name)) continue;
      const url = new URL(value, location.href);
      const own = url.origin === location.origin;
      if (name === "href" && element.localName === "a" && ["http:", "https:", "mailto:"].includes(url.protocol)) {
        if (!own && element.target !== "_blank") say(element, "leads away in this tab");
      } else if (!own && !(url.protocol === "data:" && element.localName === "img")) say(element, "leads elsewhere");
    }
  }
  return found;
}"""

# What reaches over the edge of the window, or of the card that it is in.
STICKING_OUT = r"""() => {
  const found = [];
  // A button without a border stands a little further out, so that its words are in line.
  const SLACK = 16;
  const CARDS = "header, nav, footer, dialog, main article, main li, main [role=listitem], main [role=group]";
  const scrolls = (element) => getComputedStyle(element).overflowX !== "visible";
  const isCut = (element, within) => {
    for (let one = element.parentElement; one && one !== within; one = one.parentElement)
      if (scrolls(one)) return true;
    return false;
  };
  const placed = (element, within) => {
    for (let one = element; one && one !== within; one = one.parentElement)
      if (["absolute", "fixed"].includes(getComputedStyle(one).position)) return true;
    return false;
  };
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.querySelectorAll("body *")].filter(
      (element) => element.getBoundingClientRect().right > root.clientWidth + 1 && !isCut(element, root),
    );
    const widest = wide.at(-1)?.outerHTML.slice(0, 160);
    found.push(`the page is ${root.scrollWidth} wide, not ${root.clientWidth}: ${widest}`);
  }
  for (const card of document.querySelectorAll(CARDS)) {
    const outer = card.getBoundingClientRect();
    if (outer.width === 0 || scrolls(card)) continue;
    for (const element of card.querySelectorAll("*")) {
      const inner = element.getBoundingClientRect();
      if (inner.width === 0 || (inner.left >= outer.left - SLACK && inner.right <= outer.right + SLACK)) continue;
      if (isCut(element, card) || placed(element, card)) continue;
      found.push(`${Math.round(inner.right - outer.right)} px over its card: ${element.outerHTML.slice(0, 160)}`);
    }
  }
  return found;
}"""


class Watch:
    """`signs` has what was obeyed in any page of the context, from now on."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.signs: list[str] = []
        self._origin = origin
        context.expose_binding("harmedHere", lambda _, what: self.signs.append(what))
        context.add_init_script(CANARY)
        context.on("request", self._asked)
        context.on("page", self._opened)
        for page in context.pages:
            self._opened(page)

    def found(self, page: Page) -> list[str]:
        """What was obeyed, what on the page could be, and what breaks out of its place."""
        on_the_page: list[str] = page.evaluate(ALIVE) + page.evaluate(STICKING_OUT)
        return self.signs + on_the_page

    def _opened(self, page: Page) -> None:
        page.on("dialog", self._asked_for_a_word)
        page.on("popup", lambda popup: self.signs.append(f"opened {popup.url}"))
        page.on("framenavigated", self._moved)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self._origin, "data:", "blob:")):
            self.signs.append(f"asked for {request.url}")

    def _asked_for_a_word(self, dialog: Dialog) -> None:
        self.signs.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _moved(self, frame: Frame) -> None:
        if frame.parent_frame is not None or not frame.url.startswith((self._origin, "about:blank")):
            self.signs.append(f"went to {frame.url}")

/** What jsdom lacks of a browser: it lays nothing out, so nothing ever changes its size or comes into sight. */
class Observes {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
  takeRecords(): [] {
    return [];
  }
}

Object.assign(globalThis, { ResizeObserver: Observes, IntersectionObserver: Observes });
// Some tests run without a page.
if (typeof Element !== "undefined") {
  Element.prototype.scrollIntoView = () => {};
  window.scrollTo = () => {};
}

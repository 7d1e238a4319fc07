/** What jsdom lacks of a browser: it lays nothing out, so nothing changes its size, and everything is in sight. */
class Observes {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
  takeRecords(): [] {
    return [];
  }
}

class Sees extends Observes {
  constructor(private readonly react: (seen: { isIntersecting: boolean }[]) => void) {
    super();
  }

  override observe(): void {
    this.react([{ isIntersecting: true }]);
  }
}

Object.assign(globalThis, { ResizeObserver: Observes, IntersectionObserver: Sees });
// Some tests run without a page.
if (typeof Element !== "undefined") {
  Element.prototype.scrollIntoView = () => {};
  document.elementFromPoint = () => null;
  window.scrollTo = () => {};
}

/**
 * Guards what cannot be taken back against a page that moves. What has just come to its place, because something
 * above it came or went, is not ready for a moment: a click or key that was meant for what stood there before must
 * not hit it.
 */

export const SETTLES_MS = 400;
/** Less than this is no move that could put one button in the place of another. */
const NEARLY_PX = 4;

const all = new Set<Steady>();

export class Steady {
  /** It has been where it is for long enough. */
  ready = $state(false);
  #node: HTMLElement | null = null;
  #top = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** For `{@attach steady.watch}`, on the element whose place matters. */
  readonly watch = (node: HTMLElement): (() => void) => {
    this.#node = node;
    this.hold();
    all.add(this);
    const resized = new ResizeObserver(this.#measure);
    for (let up = node.parentElement; up; up = up.parentElement) resized.observe(up);
    const entered = ["pointerenter", "focusin"];
    for (const type of entered) node.addEventListener(type, this.#measure);
    return () => {
      resized.disconnect();
      for (const type of entered) node.removeEventListener(type, this.#measure);
      clearTimeout(this.#timer);
      all.delete(this);
      this.#node = null;
    };
  };

  /** From now on it is not ready, for a moment. */
  hold(): void {
    this.ready = false;
    if (this.#node) this.#top = topOf(this.#node);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.ready = true), SETTLES_MS);
  }

  /** Whether what is done to it now can have been meant for it. Looks, as nobody may have noticed a move yet. */
  isMeant(): boolean {
    this.#measure();
    return this.ready;
  }

  readonly #measure = (): void => {
    if (this.#node && Math.abs(topOf(this.#node) - this.#top) > NEARLY_PX) this.hold();
  };
}

/** The page scrolled without the person's doing. */
export function holdAll(): void {
  for (const one of all) one.hold();
}

/** Within the page, not the window: who scrolls knows that things move. */
function topOf(node: HTMLElement): number {
  return node.getBoundingClientRect().top + window.scrollY;
}

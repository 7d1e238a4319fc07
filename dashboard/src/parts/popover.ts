/** Where a popover stands: below what it belongs to, above if there is no room, never beyond the window. */
const GAP = 4;
const MARGIN = 8;

export function placeBy(popover: HTMLElement, anchor: Element): void {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const below = at.bottom + GAP;
  const fits = below + height <= window.innerHeight - MARGIN;
  const top = fits ? below : Math.max(MARGIN, Math.min(at.top - height - GAP, window.innerHeight - height - MARGIN));
  const left = Math.max(MARGIN, Math.min(at.left, window.innerWidth - width - MARGIN));
  Object.assign(popover.style, { top: `${top}px`, left: `${left}px` });
}

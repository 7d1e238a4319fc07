/** Where the keyboard is: after moving to another view, where that view begins. See also `keep-focus.ts`. */

/** Begins at the heading of what `main` now shows, as soon as there is one. Returns how to stop waiting. */
export function arrive(main: HTMLElement): () => void {
  const dialog = document.querySelector("dialog:modal");
  if (dialog) return arriveAfter(dialog, main);
  const active = document.activeElement;
  // The view chose a place itself.
  if (active && active !== main && main.contains(active)) return () => {};
  if (focusHeading(main)) return () => {};
  focusOn(main);
  const waiting = new MutationObserver(() => {
    if (document.activeElement !== main || focusHeading(main)) waiting.disconnect();
  });
  waiting.observe(main, { childList: true, subtree: true });
  return () => waiting.disconnect();
}

/** The view came while somebody was in the dialog. What the browser would give the focus back to left with the old one. */
function arriveAfter(dialog: Element, main: HTMLElement): () => void {
  let stop = (): void => {};
  const closed = (): void => void (stop = arrive(main));
  dialog.addEventListener("close", closed, { once: true });
  return () => {
    dialog.removeEventListener("close", closed);
    stop();
  };
}

export function focusHeading(main: HTMLElement): boolean {
  const heading = main.querySelector("h1");
  if (heading) focusOn(heading);
  return heading !== null;
}

export function focusOn(element: HTMLElement): void {
  if (element.tabIndex < 0) element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

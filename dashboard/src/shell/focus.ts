/** Where the keyboard is: after moving to another view, where that view begins. See also `keep-focus.ts`. */

/** Begins at the heading of what `main` now shows, as soon as there is one. Returns how to stop waiting. */
export function arrive(main: HTMLElement): () => void {
  const active = document.activeElement;
  // The view chose a place itself, or a dialog is open.
  if ((active && active !== main && main.contains(active)) || document.querySelector("dialog:modal")) return () => {};
  if (focusHeading(main)) return () => {};
  focusOn(main);
  const waiting = new MutationObserver(() => {
    if (document.activeElement !== main || focusHeading(main)) waiting.disconnect();
  });
  waiting.observe(main, { childList: true, subtree: true });
  return () => waiting.disconnect();
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

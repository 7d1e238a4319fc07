/** The keyboard is never lost when something that had it is taken away by what others do. */
import { focusHeading, focusOn } from "./focus.ts";

const STOPS = "main, section, article, li, ul, ol, form, nav, dialog";

/**
 * Watches over the focus within the page. When its element is removed, it goes to the link of what follows in
 * its list, else to what surrounded it. To a link, never to a button: a key that was meant for what is gone
 * must not decide something else. A button that is disabled while it does its work has it back afterwards.
 * When a dialog closes over something that was removed meanwhile, it goes to what surrounded that.
 * `before`: what had the focus last, before this was loaded.
 */
export function keepFocus(root: HTMLElement, before: Element | null): () => void {
  let last: HTMLElement | null = null;
  let around: HTMLElement[] = [];
  /** From where each open dialog was entered, and what surrounded that. */
  const behind = new WeakMap<Element, HTMLElement[]>();

  function entered({ target }: Pick<FocusEvent, "target">): void {
    const now = target as HTMLElement;
    const dialog = now.closest("dialog");
    if (dialog && last && !dialog.contains(last)) behind.set(dialog, [last, ...around]);
    last = now;
    around = [];
    for (let up = last.parentElement; up && up !== root; up = up.parentElement) around.push(up);
  }

  /** The browser gives the focus back to where it was before, if that is still there. */
  function closed({ target }: Event): void {
    const dialog = target as Element;
    const before = behind.get(dialog);
    behind.delete(dialog);
    const at = document.activeElement;
    if (before && !before[0]?.isConnected && (at === document.body || dialog.contains(at))) beginIn(before);
  }

  function left({ target, relatedTarget }: FocusEvent): void {
    if (relatedTarget) return;
    queueMicrotask(() => {
      const isGone = !last?.isConnected || last.matches(":disabled");
      if (target === last && !isGone && document.activeElement !== last) last = null;
    });
  }

  const losses = new MutationObserver((records) => {
    if (!last || document.activeElement !== document.body) return;
    if (last.isConnected) {
      if (!last.matches(":disabled") && records.some(({ target }) => target === last)) last.focus();
      return;
    }
    const lost = last;
    last = null;
    const removal = records.find(({ removedNodes }) => [...removedNodes].some((node) => node.contains(lost)));
    // Another view stands there now, or a dialog does not any more: one is at the beginning of the view.
    const isOtherView = removal?.target instanceof HTMLElement && removal.target.matches("main");
    const beside = isOtherView || lost.closest("dialog") ? null : removal && linkBeside(removal);
    if (beside) begin(beside);
    else beginIn(around);
  });

  function beginIn(surroundings: HTMLElement[]): void {
    const place = surroundings.find((one) => one.isConnected && one.matches(STOPS)) ?? root.querySelector("main");
    if (place) begin(place);
  }

  if (document.activeElement !== document.body) entered({ target: document.activeElement });
  else if (before?.matches(":disabled")) entered({ target: before });
  else if (before && !before.isConnected) begin(root.querySelector<HTMLElement>("main") ?? root);
  root.addEventListener("focusin", entered);
  root.addEventListener("focusout", left);
  // It does not bubble.
  root.addEventListener("close", closed, true);
  losses.observe(root, { childList: true, subtree: true, attributeFilter: ["disabled"] });
  return () => {
    root.removeEventListener("focusin", entered);
    root.removeEventListener("focusout", left);
    root.removeEventListener("close", closed, true);
    losses.disconnect();
  };
}

function begin(place: HTMLElement): void {
  if (!place.matches("main") || !focusHeading(place)) focusOn(place);
}

function linkBeside({ nextSibling, previousSibling }: MutationRecord): HTMLElement | null {
  for (const [start, step] of [[nextSibling, "nextSibling"], [previousSibling, "previousSibling"]] as const) {
    for (let node = start; node; node = node[step]) {
      if (!(node instanceof HTMLElement) || !node.isConnected) continue;
      const link = node.matches("a[href]") ? node : node.querySelector<HTMLElement>("a[href]");
      if (link) return link;
    }
  }
  return null;
}

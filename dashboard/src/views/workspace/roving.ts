/**
 * The keyboard among tasks, in a list or in a board's columns. All of them are one stop of the Tab key; arrows go
 * from one to the next. An item is `[data-task]`, in it `[data-control=open]` is its link and the other controls
 * follow. Whatever live changes do to the items, the keyboard stays on the task it was on, or goes to the next.
 */

const ITEM = "[data-task]";
const COLUMN = "[data-column]";

export type Direction = "up" | "down" | "left" | "right" | "first" | "last";

export function itemOf(root: HTMLElement, id: string): HTMLElement | null {
  return root.querySelector(`[data-task="${CSS.escape(id)}"]`);
}

export function itemAround(element: EventTarget | null): HTMLElement | null {
  return element instanceof Element ? element.closest<HTMLElement>(ITEM) : null;
}

export function taskOf(element: EventTarget | null): string | undefined {
  return itemAround(element)?.dataset["task"];
}

/** Puts the keyboard on an item, or on one of its controls if it has that. False: it cannot be there yet. */
export function focusItem(item: HTMLElement, control = "open"): boolean {
  const wanted = item.querySelector<HTMLElement>(`[data-control="${control}"]`) ?? item.querySelector<HTMLElement>("[data-control=open]");
  wanted?.focus({ preventScroll: true });
  return document.activeElement === wanted;
}

/** Makes `item` the one that Tab stops at. */
export function stopAt(root: HTMLElement, item: HTMLElement): void {
  for (const before of root.querySelectorAll<HTMLElement>("[data-current]")) if (before !== item) setStop(before, false);
  setStop(item, true);
}

/** There is always one to stop at, as long as there are items: that of `id`, or else the first. */
export function keepStop(root: HTMLElement, id: string | null): void {
  const item = (id && itemOf(root, id)) || root.querySelector<HTMLElement>("[data-current]") || root.querySelector<HTMLElement>(ITEM);
  if (item && !item.hasAttribute("data-current")) stopAt(root, item);
}

function setStop(item: HTMLElement, is: boolean): void {
  item.toggleAttribute("data-current", is);
  for (const control of item.querySelectorAll<HTMLElement>("[data-control]")) control.tabIndex = is ? 0 : -1;
}

/** In the next column that has any, the one at the same height. */
export function across(root: HTMLElement, from: string, direction: "left" | "right"): string | undefined {
  const item = itemOf(root, from);
  const columns = [...root.querySelectorAll<HTMLElement>(COLUMN)];
  const own = columns.findIndex((column) => column.contains(item));
  if (!item || own < 0) return undefined;
  const beyond = direction === "left" ? columns.slice(0, own).reverse() : columns.slice(own + 1);
  const next = beyond.find((column) => column.querySelector(ITEM));
  const items = [...(next?.querySelectorAll<HTMLElement>(ITEM) ?? [])];
  const { top } = item.getBoundingClientRect();
  return taskOf(items.find((one) => one.getBoundingClientRect().bottom > top) ?? items.at(-1) ?? null);
}

export interface Held {
  id: string;
  control: string;
}

/** Where the keyboard is, before something changes. */
export function held(root: HTMLElement): Held | null {
  const active = document.activeElement;
  const id = active && root.contains(active) ? taskOf(active) : undefined;
  return id ? { id, control: (active as HTMLElement).dataset["control"] ?? "open" } : null;
}

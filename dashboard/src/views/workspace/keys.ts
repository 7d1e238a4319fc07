/** What the arrows and their company do in the list and on the board; letters are commands, see `offers.ts`. */
import type { Desk } from "./desk.svelte.ts";
import { across, taskOf, type Direction } from "./roving.ts";

const DIRECTIONS: Record<string, Direction> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
  Home: "first",
  End: "last",
};
const MAC = /Mac|iP(hone|ad)/.test(navigator.userAgent);

/** Arrows go up and down; with Shift they choose on the way. */
export function listKeys(event: KeyboardEvent, desk: Desk): void {
  if (choosesAll(event, desk)) return;
  const direction = DIRECTIONS[event.key];
  const from = taskOf(event.target);
  if (!from || !direction || direction === "left" || direction === "right" || hasModifier(event)) return;
  event.preventDefault();
  const next = along(desk.order, from, direction);
  if (!next) return;
  if (event.shiftKey && !desk.readonly) desk.selection.extend(from, next, desk.order);
  desk.focus(next);
}

/** Arrows go from card to card; with Shift or Alt they take the card along. */
export function boardKeys(event: KeyboardEvent, root: HTMLElement, desk: Desk): void {
  if (choosesAll(event, desk)) return;
  const direction = DIRECTIONS[event.key];
  const from = taskOf(event.target);
  if (!direction || !from || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  if ((event.shiftKey || event.altKey) && !desk.readonly) return void desk.step(from, direction);
  const next = direction === "left" || direction === "right" ? across(root, from, direction) : along(desk.columnOf(from), from, direction);
  if (next) desk.focus(next);
}

function along(order: string[], from: string, direction: "up" | "down" | "first" | "last"): string | undefined {
  const place = order.indexOf(from);
  return { up: order[place - 1], down: order[place + 1], first: order[0], last: order.at(-1) }[direction];
}

function choosesAll(event: KeyboardEvent, desk: Desk): boolean {
  if (!(MAC ? event.metaKey : event.ctrlKey) || event.key.toLowerCase() !== "a" || desk.readonly) return false;
  event.preventDefault();
  desk.selection.choose(desk.order);
  return true;
}

function hasModifier({ ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  return ctrlKey || metaKey || altKey;
}

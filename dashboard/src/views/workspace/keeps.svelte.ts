/** Keeps the keyboard on its task while what is shown changes; for the component that shows the tasks. */
import { tick } from "svelte";
import type { Desk } from "./desk.svelte.ts";
import { focusItem, held, itemAround, itemOf, keepStop, stopAt, type Held } from "./roving.ts";

/** What is scrolled to is there after so many frames at the latest. */
const MOST_FRAMES = 10;

/** `root` is the element around all of them; `changes` reads everything that may change their order. */
export function keeps(root: () => HTMLElement | undefined, changes: () => unknown, desk: Desk): void {
  let orderBefore: string[] = [];

  $effect.pre(() => {
    changes();
    const before = orderBefore;
    orderBefore = desk.order;
    const element = root();
    const was = element && held(element);
    if (was) void tick().then(() => restore(element, was, before, desk));
  });

  $effect(() => {
    const element = root();
    if (!element) return;
    const entered = ({ target }: FocusEvent): void => {
      const item = itemAround(target);
      if (!item) return;
      stopAt(element, item);
      desk.enter(item.dataset["task"]!);
    };
    // Items come and go with scrolling as well.
    const stops = new MutationObserver(() => keepStop(element, desk.current));
    stops.observe(element, { childList: true, subtree: true });
    keepStop(element, null);
    element.addEventListener("focusin", entered);
    desk.focus = (id) => void bringTo(element, id, desk);
    const back = desk.places.current;
    // Not before it is as far down as it was: to show it would scroll there the short way.
    if (back) void frames(2).then(() => element.isConnected && desk.focus(back));
    desk.elementOf = (id) => itemOf(element, id)?.querySelector("[data-control=move]") ?? null;
    return () => {
      stops.disconnect();
      element.removeEventListener("focusin", entered);
    };
  });
}

/** On the same task, wherever it is now; if it is gone, on what took its place. */
function restore(root: HTMLElement, was: Held, before: string[], desk: Desk): void {
  const item = itemOf(root, was.id);
  if (item?.contains(document.activeElement)) return;
  if (item && focusItem(item, was.control)) return;
  if (desk.order.includes(was.id)) return desk.focus(was.id);
  const there = new Set(desk.order);
  const place = before.indexOf(was.id);
  const next = before.slice(place + 1).find((id) => there.has(id)) ?? before.slice(0, Math.max(place, 0)).findLast((id) => there.has(id));
  if (next) desk.focus(next);
}

async function bringTo(root: HTMLElement, id: string, desk: Desk): Promise<void> {
  await tick();
  for (let frame = 0; frame < MOST_FRAMES; frame += 1) {
    const item = itemOf(root, id);
    if (item && focusItem(item)) return item.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (!item) desk.show(id);
    await frames(1);
  }
}

async function frames(count: number): Promise<void> {
  for (let frame = 0; frame < count; frame += 1) await new Promise(requestAnimationFrame);
}

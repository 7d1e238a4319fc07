/** What `dragging.svelte.ts` says, done with the library for it. */
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { setCustomNativeDragPreview } from "@atlaskit/pragmatic-drag-and-drop/element/set-custom-native-drag-preview";
import type { Status, Task } from "../../api/types.ts";
import { isClosed } from "./arrange.ts";
import type { Dragging, Over } from "./dragging.svelte.ts";

/** So near to an edge, what is under the pointer scrolls on. */
const EDGE_PX = 56;
const MOST_PX = 18;

function card(dragging: Dragging, element: HTMLElement): () => void {
  return draggable({
    element,
    canDrag: () => !dragging.desk.readonly,
    onGenerateDragPreview: ({ nativeSetDragImage }) => {
      dragging.tasks = taken(dragging, element.dataset["task"]!);
      const text = `${dragging.tasks.length} tasks`;
      if (dragging.tasks.length > 1) setCustomNativeDragPreview({ nativeSetDragImage, render: ({ container }) => preview(container, text) });
    },
    onDragStart: () => {
      // Who drags far away is not to lose it: the one that the keyboard is on stays made.
      dragging.desk.enter(element.dataset["task"]!);
      mark(element, dragging.tasks, true);
    },
    onDrag: ({ location }) => {
      const board = element.closest("[data-board]");
      if (board) board.scrollLeft += beyond(location.current.input.clientX, board.getBoundingClientRect(), "left", "right");
    },
    onDrop: ({ location }) => {
      const [target] = location.current.dropTargets;
      mark(element, dragging.tasks, false);
      const column = target?.element.querySelector<HTMLElement>("[data-column]");
      if (column) drop(dragging, placeIn(dragging, column, location.current.input.clientY));
      dragging.tasks = [];
      dragging.over = null;
    },
  });
}

function column(dragging: Dragging, element: HTMLElement): () => void {
  const column = element.querySelector<HTMLElement>("[data-column]")!;
  const status = column.dataset["column"] as Status;
  return dropTargetForElements({
    element,
    canDrop: () => dragging.takes(status),
    onDrag: ({ location }) => {
      const { clientY } = location.current.input;
      column.scrollTop += beyond(clientY, column.getBoundingClientRect(), "top", "bottom");
      const found = placeIn(dragging, column, clientY);
      const { over } = dragging;
      if (over?.status !== status || over.index !== found.index || over.at !== found.at) dragging.over = found;
    },
    onDragLeave: () => (dragging.over = null),
  });
}

/** The card; with it all that are chosen, if it is one of them. */
function taken(dragging: Dragging, id: string): Task[] {
  if (dragging.desk.selection.has(id)) return dragging.desk.subject;
  const task = dragging.desk.task(id);
  return task ? [task] : [];
}

function placeIn(dragging: Dragging, column: HTMLElement, y: number): Over {
  const status = column.dataset["column"] as Status;
  if (isClosed(status) || dragging.tasks.length > 1) return { status, index: null, at: 0 };
  const cards = [...column.querySelectorAll<HTMLElement>("[data-task]")];
  const order = (dragging.desk.shown.columns.get(status) ?? []).map(({ id }) => id);
  const below = firstBelow(cards, y);
  const [next, before] = [cards[below], cards[below - 1]];
  // Only those in sight are made: where they stand in the column, their ids say.
  const place = next ? order.indexOf(next.dataset["task"]!) : order.indexOf(before?.dataset["task"] ?? "") + 1;
  const own = order.indexOf(dragging.tasks[0]?.id ?? "");
  const edge = next ? next.getBoundingClientRect().top : (before?.getBoundingClientRect().bottom ?? column.getBoundingClientRect().top);
  const at = edge - column.getBoundingClientRect().top + column.scrollTop;
  return { status, index: own >= 0 && own < place ? place - 1 : place, at };
}

function drop(dragging: Dragging, { status, index }: Over): void {
  const [task, ...others] = dragging.tasks;
  if (!task) return;
  if (others.length > 0 || index === null) void dragging.desk.setStatus(dragging.tasks, status);
  else void dragging.desk.place(task, status, index);
  dragging.desk.focus(task.id);
}

/** The first whose middle is below `y`; they stand one below the other. */
function firstBelow(cards: HTMLElement[], y: number): number {
  let [from, to] = [0, cards.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const { top, bottom } = cards[middle]!.getBoundingClientRect();
    if ((top + bottom) / 2 > y) to = middle;
    else from = middle + 1;
  }
  return from;
}

function mark(element: HTMLElement, tasks: Task[], is: boolean): void {
  const ids = new Set(tasks.map(({ id }) => id));
  for (const card of element.closest("[data-board]")?.querySelectorAll<HTMLElement>("[data-task]") ?? []) {
    if (ids.has(card.dataset["task"]!)) card.toggleAttribute("data-dragging", is);
  }
}

/** How much to scroll: the nearer to the edge, the more. */
function beyond(at: number, box: DOMRect, start: "top" | "left", end: "bottom" | "right"): number {
  const near = Math.max(0, EDGE_PX - (at - box[start])) - Math.max(0, EDGE_PX - (box[end] - at));
  return Math.max(-MOST_PX, Math.min(MOST_PX, -near / 3));
}

function preview(container: HTMLElement, text: string): void {
  const chip = document.createElement("div");
  chip.className = "drag-preview";
  chip.textContent = text;
  container.append(chip);
}

export default { card, column };

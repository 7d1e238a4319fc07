/**
 * Dragging cards with the pointer: to another column for another status, within one for another place. Only
 * columns that all of what is dragged may go to take it. Loaded with the board only.
 */
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { setCustomNativeDragPreview } from "@atlaskit/pragmatic-drag-and-drop/element/set-custom-native-drag-preview";
import type { Attachment } from "svelte/attachments";
import type { Status, Task } from "../../api/types.ts";
import { isClosed } from "./arrange.ts";
import type { Desk } from "./desk.svelte.ts";

/** So near to an edge, what is under the pointer scrolls on. */
const EDGE_PX = 56;
const MOST_PX = 18;

export interface Over {
  status: Status;
  /** Among the others, where the card would stand. Null: the column has an order of its own. */
  index: number | null;
  /** How far down the column that is, in pixels. */
  at: number;
}

export class Dragging {
  tasks = $state.raw<Task[]>([]);
  over = $state.raw<Over | null>(null);

  constructor(private readonly desk: Desk) {}

  /** Where what is dragged may be put: another status, or another place of the same. */
  takes(status: Status): boolean {
    const [only, ...others] = this.tasks;
    if (!only) return false;
    const sameColumn = others.length === 0 && only.status === status && !isClosed(status);
    return sameColumn || this.desk.targets(this.tasks).includes(status);
  }

  readonly card: Attachment<HTMLElement> = (element) =>
    draggable({
      element,
      canDrag: () => !this.desk.readonly,
      onGenerateDragPreview: ({ nativeSetDragImage }) => {
        this.tasks = this.#taken(element.dataset["task"]!);
        const text = `${this.tasks.length} tasks`;
        if (this.tasks.length > 1) setCustomNativeDragPreview({ nativeSetDragImage, render: ({ container }) => preview(container, text) });
      },
      onDragStart: () => {
        // Who drags far away is not to lose it: the one that the keyboard is on stays made.
        this.desk.enter(element.dataset["task"]!);
        mark(element, this.tasks, true);
      },
      onDrag: ({ location }) => {
        const board = element.closest("[data-board]");
        if (board) board.scrollLeft += beyond(location.current.input.clientX, board.getBoundingClientRect(), "left", "right");
      },
      onDrop: ({ location }) => {
        const [target] = location.current.dropTargets;
        mark(element, this.tasks, false);
        const column = target?.element.querySelector<HTMLElement>("[data-column]");
        if (column) this.#dropped(this.#placeIn(column, location.current.input.clientY));
        this.tasks = [];
        this.over = null;
      },
    });

  /** For what is around a column: its heading takes cards as well. */
  readonly column: Attachment<HTMLElement> = (element) => {
    const column = element.querySelector<HTMLElement>("[data-column]")!;
    const status = column.dataset["column"] as Status;
    return dropTargetForElements({
      element,
      canDrop: () => this.takes(status),
      onDrag: ({ location }) => {
        const { clientY } = location.current.input;
        column.scrollTop += beyond(clientY, column.getBoundingClientRect(), "top", "bottom");
        const found = this.#placeIn(column, clientY);
        const { over } = this;
        if (over?.status !== status || over.index !== found.index || over.at !== found.at) this.over = found;
      },
      onDragLeave: () => (this.over = null),
    });
  };

  /** The card; with it all that are chosen, if it is one of them. */
  #taken(id: string): Task[] {
    if (this.desk.selection.has(id)) return this.desk.subject;
    const task = this.desk.task(id);
    return task ? [task] : [];
  }

  #placeIn(column: HTMLElement, y: number): Over {
    const status = column.dataset["column"] as Status;
    if (isClosed(status) || this.tasks.length > 1) return { status, index: null, at: 0 };
    const cards = [...column.querySelectorAll<HTMLElement>("[data-task]")];
    const order = (this.desk.shown.columns.get(status) ?? []).map(({ id }) => id);
    const below = firstBelow(cards, y);
    const [next, before] = [cards[below], cards[below - 1]];
    // Only those in sight are made: where they stand in the column, their ids say.
    const place = next ? order.indexOf(next.dataset["task"]!) : order.indexOf(before?.dataset["task"] ?? "") + 1;
    const own = order.indexOf(this.tasks[0]?.id ?? "");
    const edge = next ? next.getBoundingClientRect().top : (before?.getBoundingClientRect().bottom ?? column.getBoundingClientRect().top);
    const at = edge - column.getBoundingClientRect().top + column.scrollTop;
    return { status, index: own >= 0 && own < place ? place - 1 : place, at };
  }

  #dropped({ status, index }: Over): void {
    const [task, ...others] = this.tasks;
    if (!task) return;
    if (others.length > 0 || index === null) void this.desk.setStatus(this.tasks, status);
    else void this.desk.place(task, status, index);
    this.desk.focus(task.id);
  }
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

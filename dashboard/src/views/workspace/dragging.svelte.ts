/**
 * Dragging cards with the pointer: to another column for another status, within one for another place. Only
 * columns that all of what is dragged may go to take it. Loaded with the board only.
 */
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import type { Attachment } from "svelte/attachments";
import type { Status, Task } from "../../api/types.ts";
import { isClosed } from "./arrange.ts";
import type { Desk } from "./desk.svelte.ts";

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
      onDragStart: () => {
        this.tasks = this.#taken(element.dataset["task"]!);
        mark(element, this.tasks, true);
      },
      onDrop: ({ location }) => {
        const [target] = location.current.dropTargets;
        mark(element, this.tasks, false);
        if (target) this.#dropped(this.#placeIn(target.element, location.current.input.clientY));
        this.tasks = [];
        this.over = null;
      },
    });

  readonly column: Attachment<HTMLElement> = (element) => {
    const status = element.dataset["column"] as Status;
    return dropTargetForElements({
      element,
      canDrop: () => this.takes(status),
      onDrag: ({ location }) => {
        const found = this.#placeIn(element, location.current.input.clientY);
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

  #placeIn(column: Element, y: number): Over {
    const status = (column as HTMLElement).dataset["column"] as Status;
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

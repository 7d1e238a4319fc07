/**
 * Dragging cards with the pointer: to another column for another status, within one for another place. Only
 * columns that all of what is dragged may go to take it. What does it, see `drag.ts`, is loaded once the board is there.
 */
import type { Attachment } from "svelte/attachments";
import type { Status, Task } from "../../api/types.ts";
import { Late } from "../../parts/late.svelte.ts";
import { isClosed } from "./arrange.ts";
import type { Desk } from "./desk.svelte.ts";

export interface Over {
  status: Status;
  /** Among the others, where the card would stand. Null: the column has an order of its own. */
  index: number | null;
  /** How far down the column that is, in pixels. */
  at: number;
}

const drag = new Late(() => import("./drag.ts"));

export class Dragging {
  tasks = $state.raw<Task[]>([]);
  over = $state.raw<Over | null>(null);

  constructor(readonly desk: Desk) {}

  /** Somebody may drag something soon. */
  readonly prepare = (): void => drag.want();

  /** Where what is dragged may be put: another status, or another place of the same. */
  takes(status: Status): boolean {
    const [only, ...others] = this.tasks;
    if (!only) return false;
    const sameColumn = others.length === 0 && only.status === status && !isClosed(status);
    return sameColumn || this.desk.targets(this.tasks).includes(status);
  }

  readonly card: Attachment<HTMLElement> = (element) => drag.value?.card(this, element);

  /** For what is around a column: its heading takes cards as well. */
  readonly column: Attachment<HTMLElement> = (element) => drag.value?.column(this, element);
}

/**
 * What a person has before them of a workspace: the tasks that its filter shows, where the keyboard is among them,
 * which are chosen, and what they do to them. List and board are two ways of looking at the same desk.
 */
import { assign, changeAll, moveAll, removeAll, said, type Change } from "../../acts/tasks.ts";
import type { Assignee, Status, Task } from "../../api/types.ts";
import type { WorkspaceFilter } from "../../addresses.ts";
import { announcer } from "../../shell/announcer.svelte.ts";
import { live } from "../../store/live.svelte.ts";
import { count, LEGAL_MOVES, STATUS_WORDS } from "../../text/words.ts";
import { inColumns, isClosed } from "./arrange.ts";
import type { Direction } from "./roving.ts";
import { Places } from "./places.ts";
import { positionsFor } from "./positions.ts";
import { Selection } from "./selection.svelte.ts";
import { ShownTasks } from "./shown.svelte.ts";

export class Desk {
  readonly selection = new Selection();
  readonly places: Places;
  readonly shown: ShownTasks;
  /** The task that the keyboard is on, or was on last. */
  current = $state<string | null>(null);
  /** What the person asked to move, and the element that they asked on. */
  moving = $state.raw<{ tasks: Task[]; anchor: Element } | null>(null);
  /** What the person asked to delete. */
  deleting = $state.raw<Task[]>([]);
  /** Puts the keyboard on a task, wherever it is shown. */
  focus: (id: string) => void = () => {};
  readonly #shows = new Set<(id: string) => void>();
  /** What shows a task, for a menu to stand by. */
  elementOf: (id: string) => Element | null = () => null;
  /** Opens the dialog for a sub-task. */
  newTask: (parent: Task) => void = () => {};

  constructor(
    readonly workspaceId: string,
    readonly filter: () => WorkspaceFilter,
  ) {
    this.places = new Places(workspaceId);
    this.shown = new ShownTasks(live.store(workspaceId), filter);
  }

  readonly readonly: boolean = $derived.by(() => live.workspaces.get(this.workspaceId)?.archived_at != null);
  readonly order: string[] = $derived.by(() => {
    const { columns, inListOrder } = this.shown;
    const tasks = this.filter().view === "board" ? [...columns.values()].flat() : inListOrder;
    return tasks.map(({ id }) => id);
  });
  /** What a command acts on: what is chosen, or else the one that the keyboard is on. */
  readonly subject: Task[] = $derived.by(() => {
    const wanted = this.selection.size > 0 ? (id: string) => this.selection.has(id) : (id: string) => id === this.current;
    return this.order.filter(wanted).flatMap((id) => this.task(id) ?? []);
  });

  /** The keyboard is on this task now. */
  enter(id: string): void {
    this.current = id;
    this.places.keepCurrent(id);
  }

  /** Scrolls to a task, so that there is something to put the keyboard on. */
  show(id: string): void {
    for (const show of this.#shows) show(id);
  }

  /** For an `$effect`: whoever shows tasks scrolls to those that it has. */
  showsBy(show: (id: string) => void): () => void {
    this.#shows.add(show);
    return () => this.#shows.delete(show);
  }

  askMove(tasks: Task[], anchor: Element): void {
    if (!this.readonly && tasks.length > 0) this.moving = { tasks, anchor };
  }

  askDelete(tasks: Task[]): void {
    if (!this.readonly) this.deleting = [...tasks];
  }

  askMoveOfSubject(): void {
    const [task] = this.subject;
    const anchor = [this.current, task?.id].map((id) => id && this.elementOf(id)).find(Boolean);
    if (anchor) this.askMove(this.subject, anchor);
  }

  selectCurrent(): void {
    if (this.current && !this.readonly) this.selection.toggle(this.current);
  }

  /** To the task that is `step` further; from nowhere, to the first. */
  go(step: number): void {
    const at = this.current ? this.order.indexOf(this.current) : -1;
    const wanted = at < 0 ? 0 : Math.min(Math.max(at + step, 0), this.order.length - 1);
    const id = this.order[wanted];
    if (id) this.focus(id);
  }

  columnOf(id: string): string[] {
    const columns = [...this.shown.columns.values()];
    return columns.map((column) => column.map((task) => task.id)).find((ids) => ids.includes(id)) ?? [];
  }

  /** How far the sub-tasks of a task are, as far as that is known here. */
  progress(id: string): string {
    const parts = this.shown.families.get(id);
    if (!parts) return "";
    if (this.shown.knowsAll) return `${parts.closed}/${parts.open + parts.closed} sub-tasks`;
    return parts.open > 0 ? count(parts.open, "open sub-task") : "";
  }

  task(id: string): Task | undefined {
    return live.store(this.workspaceId).log.tasks.get(id);
  }

  /** Where all of `tasks` may go. */
  targets(tasks: Task[]): Status[] {
    const [first, ...others] = tasks;
    if (!first || this.readonly) return [];
    return LEGAL_MOVES[first.status].filter((status) => others.every((task) => LEGAL_MOVES[task.status].includes(status)));
  }

  async setStatus(tasks: Task[], status: Status): Promise<void> {
    const sent = moveAll(tasks, { status });
    const [only, ...others] = tasks;
    if (only && others.length === 0) this.#announcePlace(only.id);
    else announcer.say(`${count(tasks.length, "task")} moved to ${STATUS_WORDS[status]}`);
    await sent;
  }

  /** Completes what may be completed; opens again when all are closed. */
  async complete(tasks: Task[]): Promise<void> {
    const closed = tasks.every((task) => isClosed(task.status));
    const status = closed ? "ongoing" : "completed";
    const able = tasks.filter((task) => LEGAL_MOVES[task.status].includes(status));
    if (able.length > 0) await this.setStatus(able, status);
  }

  /** To a person, or to the agents if a person has them all. */
  async passOn(tasks: Task[]): Promise<void> {
    const to: Assignee = tasks.every(({ assignee }) => assignee === "human") ? "agent" : "human";
    const [only, ...others] = tasks;
    if (only && others.length === 0) await assign(only, to);
    else await moveAll(tasks.filter(({ assignee }) => assignee !== to), { assignee: to });
  }

  /** Puts a task at `index` of a column as it is shown: its own, or another that it may go to. */
  async place(task: Task, status: Status, index: number, { quietly = false } = {}): Promise<void> {
    const changes = this.#changesFor(task, status, index);
    if (changes.length === 0) return;
    const words = quietly ? null : () => said([{ task }], status === task.status ? {} : { status });
    const sent = changeAll(changes, words);
    this.#announcePlace(task.id);
    await sent;
  }

  /** One step in a direction, with the keyboard. */
  async step(id: string, direction: Direction): Promise<void> {
    const task = this.task(id);
    if (!task) return;
    if (direction === "left" || direction === "right") return this.#stepAcross(task, direction);
    const column = this.shown.columns.get(task.status) ?? [];
    const place = column.findIndex((one) => one.id === id);
    const wanted = { up: place - 1, down: place + 1, first: 0, last: column.length - 1 }[direction];
    if (isClosed(task.status)) announcer.say("Closed tasks stand in the order in which they were closed");
    else if (wanted >= 0 && wanted < column.length) await this.#follow(id, this.place(task, task.status, wanted, { quietly: true }));
  }

  async #stepAcross(task: Task, direction: "left" | "right"): Promise<void> {
    const { statuses } = this.shown;
    const own = statuses.indexOf(task.status);
    const beyond = direction === "left" ? statuses.slice(0, own).reverse() : statuses.slice(own + 1);
    const status = beyond.find((one) => LEGAL_MOVES[task.status].includes(one));
    if (status) await this.#follow(task.id, this.setStatus([task], status));
    else announcer.say(`From ${STATUS_WORDS[task.status]} it cannot move to the ${direction}`);
  }

  /** The keyboard goes where the task goes, and stays with it should it come back. */
  async #follow(id: string, moved: Promise<unknown>): Promise<void> {
    this.focus(id);
    await moved;
  }

  #changesFor(task: Task, status: Status, index: number): Change[] {
    if (isClosed(status)) return status === task.status ? [] : [{ task, fields: { status } }];
    // With those that the filter hides: who is put between two visible ones does not jump over them.
    const column = inColumns(live.store(this.workspaceId).log.tasks.values(), [status]).get(status) ?? [];
    const others = column.filter(({ id }) => id !== task.id);
    const visible = (this.shown.columns.get(status) ?? []).filter(({ id }) => id !== task.id);
    const [before, after] = [visible[index - 1], visible[index]];
    const placeOf = (one: Task): number => others.findIndex(({ id }) => id === one.id);
    const place = before ? placeOf(before) + 1 : after ? placeOf(after) : others.length;
    if (status === task.status && column.findIndex(({ id }) => id === task.id) === place) return [];
    return positionsFor(task.id, place, others).flatMap(({ id, position }) => {
      if (id === task.id) return [{ task, fields: status === task.status ? { position } : { status, position } }];
      const neighbour = this.task(id);
      return neighbour ? [{ task: neighbour, fields: { position } }] : [];
    });
  }

  async remove(tasks: Task[]): Promise<void> {
    await removeAll(tasks);
    this.selection.keepOnly(this.order);
  }

  #announcePlace(id: string): void {
    const task = this.task(id);
    if (!task) return;
    const column = this.filter().view === "board" ? this.shown.columns.get(task.status) : undefined;
    const place = column ? `, position ${column.findIndex((one) => one.id === id) + 1} of ${column.length}` : "";
    announcer.say(`Moved to ${STATUS_WORDS[task.status]}${place}`);
  }
}

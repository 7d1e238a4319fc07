/** What the menu of a task, or of several, offers besides the statuses. */
import type { Task } from "../../api/types.ts";
import { isClosed } from "./arrange.ts";
import type { Desk } from "./desk.svelte.ts";

export interface MenuAction {
  title: string;
  act: (tasks: Task[]) => unknown;
  danger?: boolean;
}

export function menuActions(desk: Desk, tasks: Task[]): MenuAction[][] {
  const [task, ...others] = tasks;
  if (!task) return [];
  const single = others.length === 0;
  const inOrder = desk.filter().view === "board" && single && !isClosed(task.status);
  const pass = tasks.every(({ assignee }) => assignee === "human") ? "Give to an agent" : "Give to a person";
  return [
    inOrder ? [step(desk, "Move to the top", "first"), step(desk, "Move to the bottom", "last")] : [],
    [
      { title: pass, act: (tasks: Task[]) => desk.passOn(tasks) },
      ...(single ? [selecting(desk, task), { title: "New sub-task…", act: () => desk.newTask(task) }] : []),
      { title: "Delete…", act: (tasks: Task[]) => desk.askDelete(tasks), danger: true },
    ],
  ].filter((group) => group.length > 0);
}

function step(desk: Desk, title: string, direction: "first" | "last"): MenuAction {
  return { title, act: ([task]) => task && desk.step(task.id, direction) };
}

function selecting(desk: Desk, { id }: Task): MenuAction {
  return { title: desk.selection.has(id) ? "Do not select" : "Select", act: () => desk.selection.toggle(id) };
}

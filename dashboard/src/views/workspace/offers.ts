/** The commands of a workspace's tasks, for the palette, the `?` sheet and the keyboard. */
import type { Task } from "../../api/types.ts";
import { paths } from "../../addresses.ts";
import { router } from "../../router.svelte.ts";
import type { Command } from "../../shell/commands.svelte.ts";
import { STATUS_WORDS, count } from "../../text/words.ts";
import type { Desk } from "./desk.svelte.ts";
import type { Direction } from "./roving.ts";

const GROUP = "Tasks";

interface Places {
  search: () => void;
  newTask: () => void;
}

export function tasksCommands(desk: Desk, { search, newTask }: Places): Command[] {
  const filter = desk.filter();
  const other = filter.view === "board" ? "list" : "board";
  const go = (step: number) => (): void => desk.go(step);
  const all: Command[] = [
    { id: "tasks.search", title: "Search tasks", group: GROUP, keys: "/", run: search },
    {
      id: "tasks.view",
      title: `Show as ${other}`,
      group: GROUP,
      keys: "b",
      run: () => router.go(paths.workspace(desk.workspaceId, { ...filter, view: other })),
    },
    { id: "tasks.next", title: "Next task", group: GROUP, keys: "j", repeats: true, run: go(1) },
    { id: "tasks.previous", title: "Previous task", group: GROUP, keys: "k", repeats: true, run: go(-1) },
  ];
  if (!desk.readonly) all.push({ id: "task.new", title: "New task", group: GROUP, keys: "c", also: "create add", run: newTask });
  return [...all, ...ofSubject(desk)];
}

/** What can be done with the chosen tasks, or with the one that the keyboard is on. */
function ofSubject(desk: Desk): Command[] {
  const tasks = desk.subject;
  const [task] = tasks;
  if (!task) return [];
  const open: Command = { id: "task.open", title: "Open task", group: GROUP, keys: "o", run: () => router.go(paths.task(task.workspace_id, task.id)) };
  if (desk.readonly) return [open];
  const which = tasks.length === 1 ? "task" : count(tasks.length, "task");
  const toPerson = !tasks.every(({ assignee }) => assignee === "human");
  return [
    open,
    { id: "task.complete", title: `Complete ${which}`, group: GROUP, keys: "e", also: "done close finish", run: () => desk.complete(tasks) },
    { id: "task.move", title: `Move ${which} to…`, group: GROUP, keys: "m", also: "status", run: () => desk.askMoveOfSubject() },
    { id: "task.assign", title: `Give ${which} to ${toPerson ? "a person" : "an agent"}`, group: GROUP, keys: "a", also: "assign", run: () => desk.passOn(tasks) },
    { id: "task.select", title: "Select task", group: GROUP, keys: "x", run: () => desk.selectCurrent() },
    { id: "task.delete", title: `Delete ${which}…`, group: GROUP, keys: "Delete", run: () => desk.askDelete(tasks) },
    ...moves(desk, tasks),
    ...steps(desk, tasks),
  ];
}

const STEPS: [Direction, string, string][] = [
  ["up", "Move card up", "Shift+↑"],
  ["down", "Move card down", "Shift+↓"],
  ["left", "Move card to the left", "Shift+←"],
  ["right", "Move card to the right", "Shift+→"],
];

/** The keys are those of the board itself, see `keys.ts`; here they get a name. */
function steps(desk: Desk, [task, ...others]: Task[]): Command[] {
  if (!task || others.length > 0 || desk.filter().view !== "board") return [];
  return STEPS.map(([direction, title, keys]) => ({
    id: `task.step.${direction}`,
    title,
    group: GROUP,
    keys,
    run: () => desk.step(task.id, direction),
  }));
}

/** By name, for the palette; the menu has them by sight. */
function moves(desk: Desk, tasks: Task[]): Command[] {
  return desk.targets(tasks).map((status) => ({
    id: `task.move.${status}`,
    title: `Move to ${STATUS_WORDS[status]}`,
    group: GROUP,
    run: () => desk.setStatus(tasks, status),
  }));
}

/** What can be done with the task on the page, for the palette, the `?` sheet and the keyboard. */
import { complete } from "../../acts/replies.ts";
import { assign, setStatus } from "../../acts/tasks.ts";
import type { Task } from "../../api/types.ts";
import { paths } from "../../addresses.ts";
import { router } from "../../router.svelte.ts";
import type { Command } from "../../shell/commands.svelte.ts";
import { LEGAL_MOVES, STATUS_WORDS } from "../../text/words.ts";

const GROUP = "Task";

export interface Places {
  reply: () => void;
  edit: () => void;
  chooseStatus: () => void;
  askToDelete: () => void;
  newSubTask: () => void;
}

export function taskCommands(task: Task, places: Places): Command[] {
  const toPerson = task.assignee === "agent";
  const pass = toPerson ? "Give to a person" : "Give to an agent";
  return [
    { id: "task.reply", title: "Reply", group: GROUP, keys: "r", also: "message answer write", run: places.reply },
    { id: "task.edit", title: "Edit title and description", group: GROUP, keys: "i", also: "rename change", run: places.edit },
    closing(task),
    { id: "task.move", title: "Move to…", group: GROUP, keys: "m", also: "status", run: places.chooseStatus },
    ...LEGAL_MOVES[task.status].map((status) => ({
      id: `task.move.${status}`,
      title: `Move to ${STATUS_WORDS[status]}`,
      group: GROUP,
      run: () => setStatus(task, status),
    })),
    { id: "task.assign", title: pass, group: GROUP, keys: "a", also: "assign", run: () => assign(task, toPerson ? "human" : "agent") },
    { id: "task.sub-task", title: "New sub-task", group: GROUP, keys: "shift+c", also: "split part", run: places.newSubTask },
    { id: "task.delete", title: "Delete task…", group: GROUP, keys: "Delete", run: places.askToDelete },
    ...upwards(task),
  ];
}

function closing(task: Task): Command {
  const base = { id: "task.complete", group: GROUP, keys: "e" };
  if (!LEGAL_MOVES[task.status].includes("completed")) {
    return { ...base, title: "Reopen", run: () => setStatus(task, "ongoing") };
  }
  return { ...base, title: "Mark completed", also: "done close finish", run: () => complete(task) };
}

function upwards({ workspace_id, parent_id }: Task): Command[] {
  const up = { group: GROUP, keys: "u" };
  if (parent_id) return [{ ...up, id: "task.up", title: "Open what it is a part of", run: () => router.go(paths.task(workspace_id, parent_id)) }];
  return [{ ...up, id: "task.up", title: "Back to the workspace", run: () => router.go(paths.workspace(workspace_id)) }];
}

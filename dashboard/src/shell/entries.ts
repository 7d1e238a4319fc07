/** What the palette lists: commands, places and tasks by the same shape, and which of them a query means. */
import type { Task } from "../api/types.ts";
import { paths } from "../addresses.ts";
import { router } from "../router.svelte.ts";
import { STATUS_WORDS } from "../text/words.ts";
import { commands, EVERYWHERE, GOING, MAKING, PALETTE } from "./commands.svelte.ts";
import { inGroups, type Group } from "./groups.ts";
import { match } from "./match.ts";

export interface Entry {
  id: string;
  title: string;
  group: string;
  /** Where it belongs, said beside the title. */
  detail?: string;
  /** Words that it is found by besides its title. */
  also?: string;
  keys?: string;
  /** Listed only for those who ask for it. */
  deep?: boolean;
  run: () => unknown;
}

const MOST_SHOWN = 40;
/** What was chosen lately is preferred among names that are about as good. */
const RECENT_WORTH = 15;
/** A name that is found only by its other words comes after those that say it themselves. */
const OTHER_WORDS = 0.6;

/**
 * The commands: those of the view first, as one is in the middle of something there; the usual ones last. What
 * repeats while its key is held moves along something, which nobody does from here.
 */
export function commandEntries(): Entry[] {
  const groups = inGroups(commands.all.filter(({ id, repeats }) => id !== PALETTE && !repeats));
  const isUsual = ({ name }: Group<Entry>): boolean => [MAKING, GOING, EVERYWHERE].includes(name);
  const inOrder = [...groups.filter((group) => !isUsual(group)), ...groups.filter(isUsual)];
  return inOrder.flatMap(({ entries }) => entries);
}

export function taskEntry(task: Task, workspaceName: string, group: string): Entry {
  return {
    id: `task ${task.id}`,
    title: task.title,
    group,
    detail: `${STATUS_WORDS[task.status]} · ${workspaceName}`,
    deep: true,
    run: () => router.go(paths.task(task.workspace_id, task.id)),
  };
}

/** Nothing typed: the latest choices, then everything that is not deep. Else the best, by their groups. */
export function listed(entries: Entry[], query: string, recent: string[]): Group<Entry>[] {
  if (!query.trim()) return suggestions(entries, recent);
  const rated = entries.flatMap((entry) => {
    const score = rate(query, entry);
    if (score === null) return [];
    return { entry, score: score + (recent.includes(entry.id) ? RECENT_WORTH : 0) };
  });
  rated.sort((a, b) => b.score - a.score);
  return inGroups(rated.slice(0, MOST_SHOWN).map(({ entry }) => entry));
}

function suggestions(entries: Entry[], recent: string[]): Group<Entry>[] {
  const latest = recent.flatMap((id) => entries.find((entry) => entry.id === id) ?? []);
  const others = entries.filter((entry) => !entry.deep && !latest.includes(entry));
  const groups = inGroups(others);
  return latest.length > 0 ? [{ name: "Recent", entries: latest }, ...groups] : groups;
}

function rate(query: string, { title, also, detail }: Entry): number | null {
  const byTitle = match(query, title);
  const byAll = match(query, [title, also, detail].filter(Boolean).join(" "));
  if (byAll === null) return byTitle;
  return Math.max(byTitle ?? 0, byAll * OTHER_WORDS);
}

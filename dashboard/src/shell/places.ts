/** The workspaces in their order, and the places in them, as the palette lists them. */
import type { Workspace } from "../api/types.ts";
import { paths } from "../addresses.ts";
import { router } from "../router.svelte.ts";
import { sections, type Section } from "../views/settings/sections.ts";
import type { Entry } from "./entries.ts";

const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export function inOrderOfName(a: Workspace, b: Workspace): number {
  return byName.compare(a.name, b.name) || a.id.localeCompare(b.id);
}

/** What people may call a section besides its name. */
const ALSO: Record<Section, string> = {
  general: "rename name mission",
  connect: "agent setup mcp claude install",
  tokens: "generate revoke rotate secret",
  rules: "allow approve",
  members: "people invite owner",
  end: "remove restore",
};

/** Each workspace and what is in it. */
export function places(workspaces: Workspace[]): Entry[] {
  return workspaces.sort(inOrderOfName).flatMap(placesOf);
}

function placesOf({ id, name, mission, archived_at }: Workspace): Entry[] {
  const group = archived_at ? "Archived workspaces" : "Workspaces";
  const deep = { group, deep: true };
  return [
    place(`w ${id}`, name, paths.workspace(id), { group, also: mission.slice(0, 200), deep: !!archived_at }),
    place(`w ${id} board`, `${name}: board`, paths.workspace(id, { view: "board" }), deep),
    place(`w ${id} settings`, `${name}: settings`, paths.settings(id), deep),
    ...sections().map(([section, words]) =>
      place(`w ${id} ${section}`, `${name}: ${words.toLowerCase()}`, paths.settings(id, section), { ...deep, also: ALSO[section] }),
    ),
  ];
}

function place(id: string, title: string, path: string, more: Pick<Entry, "group"> & Partial<Entry>): Entry {
  return { id: `place ${id}`, title, run: () => router.go(path), ...more };
}

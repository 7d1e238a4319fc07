/** What can be done in a workspace's settings, for the palette. */
import { archive, restore } from "../../acts/workspaces.ts";
import type { Workspace } from "../../api/types.ts";
import { offer } from "../../offer.svelte.ts";
import { paths } from "../../addresses.ts";
import { router } from "../../router.svelte.ts";
import { commands, type Command } from "../../shell/commands.svelte.ts";

const GROUP = "This workspace";

export function offerSettings(current: () => Workspace | undefined, isGuest: () => boolean): () => void {
  return commands.offer(() => {
    const workspace = current();
    if (!workspace) return [];
    return [...(workspace.archived_at ? [] : writing(workspace)), ...(isGuest() ? [] : ending(workspace))];
  });
}

function ending(workspace: Workspace): Command[] {
  const aside = { group: GROUP, id: "settings.archive" };
  return [
    workspace.archived_at
      ? { ...aside, title: "Restore workspace", run: () => restore(workspace) }
      : { ...aside, title: "Archive workspace", run: () => archive(workspace) },
    { id: "settings.delete", group: GROUP, title: "Delete workspace…", run: () => go(workspace, "end", "#end input") },
  ];
}

function writing(workspace: Workspace): Command[] {
  return [
    { id: "settings.token", group: GROUP, title: "Generate a token…", also: "connect agent mcp", run: () => go(workspace, "connect", "#token-name") },
    ...(offer.toOthers ? [inviting(workspace)] : []),
    { id: "settings.rule", group: GROUP, title: "Add a permission rule…", also: "allow pattern", run: () => go(workspace, "rules", "#rules form input") },
  ];
}

function inviting(workspace: Workspace): Command {
  const run = (): void => go(workspace, "members", "#invite-email");
  return { id: "settings.invite", group: GROUP, title: "Invite somebody…", also: "member people", run };
}

function go({ id }: Workspace, section: string, field: string): void {
  router.go(paths.settings(id, section), { replace: true });
  requestAnimationFrame(() => document.querySelector<HTMLElement>(field)?.focus());
}

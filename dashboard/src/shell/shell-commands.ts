/** What can be done wherever one is. Views offer the rest, and may offer the same better. */
import { paths } from "../addresses.ts";
import { router } from "../router.svelte.ts";
import { session } from "../session.svelte.ts";
import { live } from "../store/live.svelte.ts";
import type { Workspace } from "../api/types.ts";
import { commands, EVERYWHERE, GOING, MAKING, PALETTE, type Command } from "./commands.svelte.ts";
import { overlays } from "./overlays.svelte.ts";
import { inOrderOfName } from "./places.ts";
import { theme, THEME_WORDS, THEMES } from "./theme.svelte.ts";
import { toasts } from "./toasts.svelte.ts";

export function offerShellCommands(): () => void {
  return commands.offer(() => [...going(), ...making(), ...general()]);
}

function going(): Command[] {
  const group = GOING;
  const go = (path: string) => () => router.go(path);
  const also = { needs: "inbox home questions approvals", all: "overview projects", own: "settings theme notifications" };
  const always: Command[] = [
    { id: "go.needs-me", title: "Needs me", group, keys: "g i", also: also.needs, run: go(paths.needsMe) },
    { id: "go.workspaces", title: "Workspaces", group, keys: "g w", also: also.all, run: go(paths.workspaces) },
    { id: "go.personal", title: "Preferences", group, keys: "g p", also: also.own, run: go(paths.personal) },
  ];
  if (active().length < 2) return always;
  return [
    ...always,
    { id: "go.previous", title: "Previous workspace", group, keys: "[", run: () => step(-1) },
    { id: "go.next", title: "Next workspace", group, keys: "]", run: () => step(1) },
  ];
}

function making(): Command[] {
  const group = MAKING;
  const workspace: Command = {
    id: "workspace.new",
    title: "New workspace",
    group,
    also: "create project",
    run: () => overlays.newWorkspace(),
  };
  if (active().length === 0) return [workspace];
  return [{ id: "task.new", title: "New task", group, keys: "c", also: "create", run: newTask }, workspace];
}

function general(): Command[] {
  const group = EVERYWHERE;
  return [
    { id: PALETTE, title: "Find anything", group, keys: "mod+k", run: palette },
    ...undoing(group),
    { id: "keys", title: "Show the keys", group, keys: "?", also: "keyboard shortcuts help", run: () => overlays.keys() },
    ...THEMES.map((choice) => ({
      id: `theme.${choice}`,
      title: `Theme: ${THEME_WORDS[choice].toLowerCase()}`,
      group,
      also: "appearance colours mode",
      run: () => theme.choose(choice),
    })),
    { id: "sign-out", title: "Sign out", group, also: "leave log out", run: signOut },
  ];
}

function undoing(group: string): Command[] {
  const latest = toasts.shown.findLast(({ undo }) => undo !== null);
  if (!latest) return [];
  return [{ id: "undo", title: "Undo", group, keys: "mod+z", also: latest.text, run: () => toasts.undoLatest() }];
}

function active(): Workspace[] {
  return live.workspaces.values().filter(({ archived_at }) => !archived_at);
}

/** In the workspace at hand; else in the only one there is, or the one that is chosen. */
function newTask(): void {
  const there = active().sort(inOrderOfName);
  const here = "workspaceId" in router.route ? router.route.workspaceId : null;
  const workspace = there.find(({ id }) => id === here) ?? (there.length === 1 ? there[0] : undefined);
  if (workspace) return void overlays.newTask(workspace.id);
  const choices = there.map(({ id, name }) => ({
    id,
    title: name,
    group: "Workspaces",
    run: () => overlays.newTask(id),
  }));
  void overlays.choose("New task in which workspace?", choices);
}

/** Round the workspaces in the order in which they are listed, in the same part of them. */
function step(by: 1 | -1): void {
  const { route } = router;
  const there = active().sort(inOrderOfName);
  const at = there.findIndex(({ id }) => "workspaceId" in route && id === route.workspaceId);
  const next = there[at < 0 ? (by > 0 ? 0 : there.length - 1) : (at + by + there.length) % there.length];
  if (!next) return;
  const view = route.view === "workspace" ? { view: route.filter.view } : {};
  router.go(route.view === "settings" ? paths.settings(next.id) : paths.workspace(next.id, view));
}

/** Not over another dialog: whoever is in one goes nowhere before it is done. */
function palette(): void {
  if (!document.querySelector("dialog[open]:not(.palette)")) void overlays.palette();
}

function signOut(): void {
  session.signOut().catch(() => toasts.complain("You are still signed in: Handrail cannot be reached. Try again."));
}

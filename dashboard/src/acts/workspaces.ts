/** What a person does with a whole workspace: shown at once, taken back with an explanation when it is refused. */
import * as api from "../api/calls.ts";
import { explain, Problem } from "../api/http.ts";
import type { Workspace } from "../api/types.ts";
import { toasts } from "../shell/toasts.svelte.ts";
import { live } from "../store/live.svelte.ts";
import { revealed } from "../text/reveal.ts";

export type Wording = Partial<Pick<Workspace, "name" | "mission">>;

/** Throws what the server refuses; of somebody else's change meanwhile, the workspace then says what it is. */
export async function reword(workspace: Workspace, wording: Wording): Promise<void> {
  const settled = live.workspaces.expect(workspace.id, (known) => ({ ...known, ...wording }));
  try {
    live.welcome(await api.workspaces.update(workspace.id, { ...wording, version: workspace.version }));
  } catch (error) {
    const current = error instanceof Problem ? (error.body["current"] as Workspace | undefined) : undefined;
    if (current) live.welcome(current);
    throw error;
  } finally {
    settled();
  }
}

export async function archive(workspace: Workspace): Promise<boolean> {
  const done = await setArchived(workspace, true);
  if (done) toasts.say(`${revealed(workspace.name)} is archived`, () => setArchived(workspace, false), workspace.id);
  return done;
}

export async function restore(workspace: Workspace): Promise<boolean> {
  const done = await setArchived(workspace, false);
  if (done) toasts.say(`${revealed(workspace.name)} is back`, () => setArchived(workspace, true), workspace.id);
  return done;
}

/** Final. Throws what the server refuses. */
export async function remove({ id, name }: Workspace, typedName: string): Promise<void> {
  await api.workspaces.remove(id, typedName);
  live.forget(id);
  toasts.say(`${revealed(name)} is deleted`);
}

async function setArchived({ id, name }: Workspace, archived: boolean): Promise<boolean> {
  const archived_at = archived ? new Date().toISOString() : null;
  const settled = live.workspaces.expect(id, (known) => ({ ...known, archived_at }));
  try {
    live.welcome(await (archived ? api.workspaces.archive(id) : api.workspaces.restore(id)));
    return true;
  } catch (error) {
    toasts.complain(`${revealed(name)} was not ${archived ? "archived" : "restored"}. ${explain(error)}`);
    return false;
  } finally {
    settled();
  }
}

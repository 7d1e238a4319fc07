/** Who belongs to a workspace and who is invited: fetched for the settings, from then on kept true by events. */
import { invitations, members } from "../../api/people.ts";
import { everyPage } from "../../store/pages.ts";
import { Part } from "../../store/part.svelte.ts";
import type { WorkspaceStore } from "../../store/workspace-store.ts";

export function peopleOf(store: WorkspaceStore): Part {
  const { id, log } = store;
  return store.part("people", () => new Part(async () => {
    const [belong, invited] = await Promise.all([
      everyPage((cursor) => members.list(id, cursor)),
      everyPage((cursor) => invitations.list(id, cursor)),
    ]);
    log.members.reconcile(belong.items, belong.seq ?? log.cursor, () => true);
    log.invitations.reconcile(invited.items, invited.seq ?? log.cursor, () => true);
  }));
}

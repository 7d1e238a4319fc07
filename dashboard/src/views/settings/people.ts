/** Who belongs to a workspace and who is invited: fetched for the settings, from then on kept true by events. */
import { invitations, members } from "../../api/people.ts";
import type { Member } from "../../api/types.ts";
import { session } from "../../session.svelte.ts";
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

export function membershipOf(store: WorkspaceStore): Member | undefined {
  return store.log.members.values().find((member) => member.person_id === session.person?.id);
}

/** Whether the person is known to be no owner, and so may not archive, restore or delete the workspace. */
export function isGuest(store: WorkspaceStore): boolean {
  return membershipOf(store)?.role === "member";
}

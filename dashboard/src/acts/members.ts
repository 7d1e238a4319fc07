/** What is done with the people of a workspace. All of it takes effect at once, for everybody. */
import { explain } from "../api/http.ts";
import * as api from "../api/people.ts";
import type { Invitation, IssuedInvitation, Member, Role } from "../api/types.ts";
import { toasts } from "../shell/toasts.svelte.ts";
import { live } from "../store/live.svelte.ts";
import { revealed } from "../text/reveal.ts";

/** Throws what the server refuses. */
export async function invite(
  workspaceId: string,
  wanted: { email: string; role: Role },
  idempotencyKey: string,
): Promise<IssuedInvitation> {
  const issued = await api.invitations.issue(workspaceId, wanted, idempotencyKey);
  const { log } = live.store(workspaceId);
  log.invitations.put(issued.invitation, log.cursor);
  return issued;
}

export async function revoke({ workspace_id, id, email }: Invitation): Promise<boolean> {
  const { log } = live.store(workspace_id);
  const settled = log.invitations.expect(id, () => null);
  try {
    await api.invitations.revoke(workspace_id, id);
    log.invitations.delete(id);
    toasts.say(`The invitation of ${revealed(email)} is revoked`);
    return true;
  } catch (error) {
    toasts.complain(`The invitation of ${revealed(email)} is still open. ${explain(error)}`);
    return false;
  } finally {
    settled();
  }
}

export async function changeRole({ workspace_id, id, person_id, version, name }: Member, role: Role): Promise<boolean> {
  const { log } = live.store(workspace_id);
  const settled = log.members.expect(id, (member) => ({ ...member, role }));
  try {
    log.members.put(await api.members.change(workspace_id, person_id, { role, version }), log.cursor);
    return true;
  } catch (error) {
    toasts.complain(`${revealed(name)} stays what they were. ${explain(error)}`);
    return false;
  } finally {
    settled();
  }
}

export async function remove({ workspace_id, id, person_id, name }: Member): Promise<boolean> {
  const { log } = live.store(workspace_id);
  const settled = log.members.expect(id, () => null);
  try {
    await api.members.remove(workspace_id, person_id);
    log.members.delete(id);
    toasts.say(`${revealed(name)} is no longer a member`);
    return true;
  } catch (error) {
    toasts.complain(`${revealed(name)} is still a member. ${explain(error)}`);
    return false;
  } finally {
    settled();
  }
}

/** Throws what the server refuses. */
export async function leave({ workspace_id, person_id }: Member): Promise<void> {
  await api.members.remove(workspace_id, person_id);
  live.forget(workspace_id);
}

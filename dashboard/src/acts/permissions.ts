/** Deciding what an agent asks for. Final: there is no undo. Shown at once; what someone else decided first stands. */
import * as api from "../api/calls.ts";
import { explain, Problem } from "../api/http.ts";
import type { Behavior, Permission } from "../api/types.ts";
import { session } from "../session.svelte.ts";
import { toasts } from "../shell/toasts.svelte.ts";
import { live } from "../store/live.svelte.ts";
import { byActor } from "../text/words.ts";

export async function decide(permission: Permission, behavior: Behavior, reason = ""): Promise<boolean> {
  const { workspace_id, id } = permission;
  const { log } = live.store(workspace_id);
  const about = placeOf(permission);
  const status = behavior === "deny" ? "denied" : "allowed";
  const settled = log.permissions.expect(id, (known) => ({ ...known, status, behavior, reason: reason || null }));
  const gone = live.inbox.expectGone(`permission ${id}`);
  let stands = false;
  try {
    log.permissions.put(await api.permissions.decide(workspace_id, id, behavior, reason), log.cursor);
    stands = true;
    toasts.say(`${OUTCOMES[behavior]}: ${permission.tool_name} ${about}`);
    return true;
  } catch (error) {
    toasts.complain(refused(error, permission));
    const current = error instanceof Problem ? (error.body["current"] as Permission | undefined) : undefined;
    if (current) log.permissions.put(current, log.cursor);
    stands = current !== undefined;
    return false;
  } finally {
    gone(stands);
    settled();
  }
}

const OUTCOMES: Record<Behavior, string> = { allow: "Allowed once", allow_always: "Always allowed", deny: "Denied" };

/** What it was for. The task may be known from what waits alone. */
function placeOf({ id, workspace_id, task_id }: Permission): string {
  const waits = live.inbox.items.find(({ permission }) => permission?.id === id)?.task;
  const task = waits ?? (task_id ? live.store(workspace_id).log.tasks.get(task_id) : undefined);
  return task ? `for “${task.title}”` : `in ${live.workspaces.get(workspace_id)?.name ?? "its workspace"}`;
}

function refused(error: unknown, { tool_name }: Permission): string {
  const first = error instanceof Problem ? (error.body["current"] as Permission | undefined) : undefined;
  if (!first?.decided_by) return `Your decision on ${tool_name} did not arrive. ${explain(error)}`;
  const outcome = first.status === "allowed" ? "allowed" : "denied";
  return `${tool_name} was ${outcome} by ${byActor(first.decided_by, session.person?.id)} before you.`;
}

/** What a person does with the rules that allow without asking. Removing one can be taken back: it is written again. */
import * as api from "../api/calls.ts";
import type { NewRule } from "../api/calls.ts";
import { explain } from "../api/http.ts";
import type { PermissionRule } from "../api/types.ts";
import { toasts } from "../shell/toasts.svelte.ts";
import { live } from "../store/live.svelte.ts";

/** Throws what the server refuses. */
export async function add(workspaceId: string, rule: NewRule): Promise<void> {
  const { log } = live.store(workspaceId);
  log.permissionRules.put(await api.permissionRules.add(workspaceId, rule), log.cursor);
}

export async function remove(rule: PermissionRule): Promise<boolean> {
  const { log } = live.store(rule.workspace_id);
  const settled = log.permissionRules.expect(rule.id, () => null);
  try {
    await api.permissionRules.remove(rule.workspace_id, rule.id);
    log.permissionRules.delete(rule.id);
    toasts.say("Rule removed: agents ask again", () => writeAgain(rule), rule.workspace_id);
    return true;
  } catch (error) {
    toasts.complain(`The rule is still there. ${explain(error)}`);
    return false;
  } finally {
    settled();
  }
}

async function writeAgain({ workspace_id, tool_name, pattern }: PermissionRule): Promise<void> {
  try {
    await add(workspace_id, { tool_name, pattern });
  } catch (error) {
    toasts.complain(`The rule was not written again. ${explain(error)}`);
  }
}

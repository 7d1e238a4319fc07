/** What a person does with an agent's token. Revoking is final. */
import * as api from "../api/calls.ts";
import { explain } from "../api/http.ts";
import type { IssuedToken, Token } from "../api/types.ts";
import { toasts } from "../shell/toasts.svelte.ts";
import { live } from "../store/live.svelte.ts";
import { revealed } from "../text/reveal.ts";

/** Throws what the server refuses. */
export async function generate(workspaceId: string, name: string, idempotencyKey: string): Promise<IssuedToken> {
  return known(await api.tokens.generate(workspaceId, name, idempotencyKey));
}

/** Throws what the server refuses. */
export async function rotate({ workspace_id, id }: Token, idempotencyKey: string): Promise<IssuedToken> {
  const issued = known(await api.tokens.rotate(workspace_id, id, idempotencyKey));
  await live.store(workspace_id).tokens.refresh();
  return issued;
}

export async function revoke({ workspace_id, id, name }: Token): Promise<boolean> {
  const { log, tokens } = live.store(workspace_id);
  const ended_at = new Date().toISOString();
  const settled = log.tokens.expect(id, (token) => ({ ...token, status: "revoked", connected: false, ended_at }));
  try {
    await api.tokens.revoke(workspace_id, id);
    await tokens.refresh();
    toasts.say(`The token ${revealed(name)} is revoked`);
    return true;
  } catch (error) {
    toasts.complain(`The token ${revealed(name)} still works. ${explain(error)}`);
    return false;
  } finally {
    settled();
  }
}

/** Keeps the token, and not its secret: that stays with whoever asked for it. */
function known(issued: IssuedToken): IssuedToken {
  const { secret: _secret, ...token } = issued.token;
  const { log } = live.store(token.workspace_id);
  log.tokens.put(token, log.cursor);
  return issued;
}

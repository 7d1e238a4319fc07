/** Deciding from a notification. What comes of it is either told in the notification's place, or a page to open. */
import type { Permission } from "../api/types.ts";
import type { NoticeData } from "./notice.ts";

export type Answer = "allow" | "deny";
export type Outcome = { kind: "told"; title: string; body: string } | { kind: "open"; url: string };

type Send = (path: string, init: RequestInit) => Promise<Response>;

export function isAnswer(action: string): action is Answer {
  return action === "allow" || action === "deny";
}

export async function decide({ url, workspaceId, permissionId }: NoticeData, answer: Answer, send: Send): Promise<Outcome> {
  const open: Outcome = { kind: "open", url };
  if (!workspaceId || !permissionId) return open;
  const path = `/api/workspaces/${encodeURIComponent(workspaceId)}/permissions/${encodeURIComponent(permissionId)}/decision`;
  try {
    const reply = await send(path, {
      method: "PUT",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      credentials: "same-origin",
      body: JSON.stringify({ behavior: answer }),
    });
    if (reply.status === 401) return { kind: "open", url: `/signin?next=${encodeURIComponent(url)}` };
    if (reply.ok) return done((await reply.json()) as Permission);
    const first = reply.status === 409 ? ((await reply.json()) as { current?: Permission }).current : undefined;
    return first ? tooLate(first) : open;
  } catch {
    // Not reachable, or not understood: the page says which, and offers the same choice.
    return open;
  }
}

function done({ tool_name, agent, status }: Permission): Outcome {
  return status === "denied"
    ? { kind: "told", title: `${tool_name} denied`, body: `${agent.name} has been told.` }
    : { kind: "told", title: `${tool_name} allowed once`, body: `${agent.name} goes on.` };
}

function tooLate({ tool_name, status, decided_by }: Permission): Outcome {
  const outcome = status === "denied" ? "denied" : "allowed";
  const who = decided_by?.kind === "system" ? "a rule" : decided_by?.name || "someone else";
  return { kind: "told", title: `Already ${outcome}`, body: `${tool_name} was ${outcome} by ${who} before you.` };
}

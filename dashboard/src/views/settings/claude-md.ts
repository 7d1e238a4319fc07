/** A paragraph for a project's CLAUDE.md: how an agent works with this workspace. Checked against the tools in a test. */
import type { Workspace } from "../../api/types.ts";
import { revealed } from "../../text/reveal.ts";

export function claudeMd({ id, name }: Pick<Workspace, "id" | "name">): string {
  return [
    "## Handrail",
    `People follow and steer the work on this project in the Handrail workspace "${revealed(name)}", through the MCP server \`handrail\`. Every tool takes its \`workspace_id\`: \`${id}\`.`,
    [
      "- Begin with `getWorkspace` (the mission) and `getInbox` (what waits for you; give back the ids that you dealt with as `ack`). When a result carries `unread`, look there again.",
      "- Take work with `getNextTask`. Report with `reply` (`chat_id` is the task's id), and say where the task stands with `updateTaskStatus`: `ongoing`, `blocked` while you cannot go on, `completed` when it is done.",
      "- To ask a person, use `createTask` with `assignee` `human`, then `waitForReply`, again for as long as its status is `waiting`. Do not guess what only they can know.",
      "- Before anything that is risky or hard to take back, use `requestPermission` with the exact input, and keep to the answer.",
    ].join("\n"),
  ].join("\n\n");
}

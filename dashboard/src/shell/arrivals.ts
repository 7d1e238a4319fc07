/** Which items of the inbox are new, in words: each is told once, and never what the person did themselves. */
import type { InboxItem, LogEvent } from "../api/types.ts";
import { keyOf } from "../store/inbox-items.ts";
import { revealed } from "../text/reveal.ts";

export class Arrivals {
  #known: Set<string> | null = null;
  readonly #own = new Set<string>();

  /** The person did this: what it puts into the inbox is no news. */
  expect({ task, permission }: LogEvent): void {
    if (permission) this.#own.add(`permission ${permission.id}`);
    if (task?.waiting) this.#own.add(`task ${task.id}`);
  }

  /** What to say about the inbox as it is now; empty when there is nothing new. */
  news(items: InboxItem[]): string {
    const known = this.#known;
    const own = new Set(this.#own);
    this.#own.clear();
    this.#known = new Set(items.map(occasionOf));
    // What waits when the page is opened is read there.
    if (!known) return "";
    const arrived = items.filter((item) => !known.has(occasionOf(item)) && !own.has(keyOf(item)));
    if (arrived.length > 1) return `${arrived.length} new things need you`;
    return arrived[0] ? told(arrived[0]) : "";
  }
}

/** The same task may ask again later: that is another occasion. */
function occasionOf(item: InboxItem): string {
  return `${keyOf(item)} ${item.since}`;
}

function told({ kind, task, permission, workspace }: InboxItem): string {
  const place = `in ${revealed(workspace.name)}`;
  if (permission) return `${revealed(permission.agent.name)} asks to use ${revealed(permission.tool_name)} ${place}`;
  const title = `“${revealed(task?.title ?? "")}”`;
  if (kind === "task") return `New for you: ${title} ${place}`;
  const asker = task?.last_message?.sender.name ?? task?.agent?.name ?? "An agent";
  return `${revealed(asker)} asks about ${title} ${place}`;
}

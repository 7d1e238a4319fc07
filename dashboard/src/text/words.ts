/** The product's own words for what the API names by code, and how people and agents are named. */
import type { Actor, Assignee, Status } from "../api/types.ts";

export const STATUSES: Status[] = ["notstarted", "ongoing", "blocked", "completed", "rejected"];
export const OPEN: Status[] = ["notstarted", "ongoing", "blocked"];

export const STATUS_WORDS: Record<Status, string> = {
  notstarted: "Not started",
  ongoing: "Ongoing",
  blocked: "Blocked",
  completed: "Completed",
  rejected: "Rejected",
};

/** Where a task may go from here; the server has the last word. */
export const LEGAL_MOVES: Record<Status, Status[]> = {
  notstarted: ["ongoing", "completed", "rejected"],
  ongoing: ["blocked", "completed", "rejected"],
  blocked: ["ongoing", "completed", "rejected"],
  completed: ["ongoing"],
  rejected: ["ongoing"],
};

export const ASSIGNEE_WORDS: Record<Assignee, string> = { agent: "Agent", human: "Person" };

export function actorName(actor: Actor, personId: string | undefined): string {
  if (actor.kind === "person" && actor.id === personId) return "You";
  return actor.name || (actor.kind === "system" ? "Handrail" : actor.kind);
}

/** The same within a sentence. */
export function byActor(actor: Actor, personId: string | undefined): string {
  const name = actorName(actor, personId);
  return name === "You" ? "you" : name;
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** What a message says in one line, though it may be files alone. */
export function said({ text, files }: { text: string; files: number }): string {
  return text.trim() === "" ? count(files, "file") : text;
}

export function fileSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

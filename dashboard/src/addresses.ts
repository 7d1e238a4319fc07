/** Addresses: which view an URL names, and how each place is written as one. */
import type { Assignee, Status } from "./api/types.ts";
import { STATUSES } from "./text/words.ts";

/** Which of a workspace's tasks are shown, and how. It is kept in the address alone. */
export interface WorkspaceFilter {
  view: "list" | "board";
  /** Null: nothing was chosen, the view decides. */
  statuses: Status[] | null;
  assignee: Assignee | null;
  /** Only what waits for a person. */
  waiting: boolean;
  q: string;
}

export type Route =
  | { view: "needs-me" }
  | { view: "workspaces" }
  | { view: "personal" }
  | { view: "signin"; next: string }
  | { view: "invitation" }
  | { view: "workspace"; workspaceId: string; filter: WorkspaceFilter }
  | { view: "task"; workspaceId: string; taskId: string }
  | { view: "settings"; workspaceId: string; section: string | null }
  | { view: "not-found" };

export const paths = {
  needsMe: "/",
  workspaces: "/workspaces",
  personal: "/settings",
  signIn: (next: string): string => `/signin?next=${encodeURIComponent(next)}`,
  workspace: (id: string, filter: Partial<WorkspaceFilter> = {}): string =>
    `/w/${encodeURIComponent(id)}${queryOf(filter)}`,
  task: (workspaceId: string, id: string): string =>
    `/w/${encodeURIComponent(workspaceId)}/t/${encodeURIComponent(id)}`,
  settings: (id: string, section?: string): string =>
    `/w/${encodeURIComponent(id)}/settings${section ? `#${section}` : ""}`,
};

export function routeOf(url: URL): Route {
  const [first, workspaceId, third, taskId, ...more] = parts(url.pathname);
  if (first === undefined) return { view: "needs-me" };
  if (workspaceId === undefined) return topLevel(first, url);
  if (first !== "w" || more.length > 0) return { view: "not-found" };
  if (third === undefined) return { view: "workspace", workspaceId, filter: filterOf(url.searchParams) };
  if (third === "settings" && taskId === undefined) {
    return { view: "settings", workspaceId, section: url.hash.slice(1) || null };
  }
  if (third === "t" && taskId) return { view: "task", workspaceId, taskId };
  return { view: "not-found" };
}

function topLevel(name: string, url: URL): Route {
  if (name === "signin") return { view: "signin", next: localPath(url) };
  if (name === "invitations") return { view: "invitation" };
  if (name === "workspaces") return { view: "workspaces" };
  if (name === "settings") return { view: "personal" };
  return { view: "not-found" };
}

/** What the address says, as far as it means anything: old and mistyped links show something sensible. */
function filterOf(query: URLSearchParams): WorkspaceFilter {
  const status = query.get("status") ?? "";
  const named = STATUSES.filter((one) => status === "all" || status.split(",").includes(one));
  const assignee = query.get("assignee");
  return {
    view: query.get("view") === "board" ? "board" : "list",
    statuses: named.length > 0 ? named : null,
    assignee: assignee === "human" || assignee === "agent" ? assignee : null,
    waiting: query.has("waiting"),
    q: query.get("q") ?? "",
  };
}

function queryOf({ view, statuses, assignee, waiting, q }: Partial<WorkspaceFilter>): string {
  const query = new URLSearchParams();
  if (view === "board") query.set("view", view);
  if (statuses?.length === STATUSES.length) query.set("status", "all");
  else if (statuses?.length) query.set("status", statuses.join(","));
  if (assignee) query.set("assignee", assignee);
  if (waiting) query.set("waiting", "1");
  if (q) query.set("q", q);
  return query.size > 0 ? `?${query}`.replaceAll("%2C", ",") : "";
}

function parts(pathname: string): string[] {
  try {
    return pathname.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return ["malformed"];
  }
}

/** Where to go after signing in: a path of this site and nothing else, whatever the link says. */
function localPath(signIn: URL): string {
  const next = signIn.searchParams.get("next") ?? "/";
  if (!URL.canParse(next, signIn.origin)) return "/";
  const wanted = new URL(next, signIn.origin);
  return wanted.origin === signIn.origin ? wanted.pathname + wanted.search + wanted.hash : "/";
}

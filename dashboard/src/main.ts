/**
 * The first code of every page, and little of it. All that the page begins with is asked for here at once: the code
 * of the dashboard and of the view that the address names, and what the server says of it.
 *
 *     page ─► main.ts ─┬─► app.ts, which draws
 *                      ├─► the view
 *                      └─► answers of the API
 */
import { routeOf, type Route } from "./addresses.ts";
import { askAhead } from "./api/http.ts";
import { authSession, inboxPage, messagesPage, taskAt, tasksPage, workspacesPage } from "./api/paths.ts";
import "./app.css";
import { keepSecret } from "./invitation-secret.ts";
import "./shell/shell.css";
import { OPEN } from "./text/words.ts";
import { markdown, VIEWS } from "./views/views.ts";

keepSecret();
const route = routeOf(new URL(window.location.href));
askAhead(answersFor(route));
// Whether the code comes is noticed where it is shown.
for (const load of codeFor(route)) load().catch(() => {});
void import("./app.ts");

function codeFor({ view }: Route): (() => Promise<unknown>)[] {
  if (view === "not-found") return [];
  return view === "needs-me" || view === "task" ? [VIEWS[view], markdown] : [VIEWS[view]];
}

/** It may be asked while it is not known yet who is there: the server knows. */
function answersFor(route: Route): string[] {
  if (route.view === "signin") return [];
  return [authSession, workspacesPage(null), inboxPage(null), ...answersInWorkspace(route)];
}

function answersInWorkspace(route: Route): string[] {
  if (route.view === "task") {
    const { workspaceId, taskId } = route;
    return [taskAt(workspaceId, taskId), messagesPage(workspaceId, taskId, null)];
  }
  if (route.view !== "workspace") return [];
  const { workspaceId, filter } = route;
  const isOpen = filter.statuses?.some((status) => OPEN.includes(status)) ?? true;
  return isOpen ? [tasksPage(workspaceId, { statuses: OPEN }, null)] : [];
}

/** What a push message becomes: a notification that says no more than the message does. Nothing in it can fail. */

/** As the server sends it; the tag is the key of the item in the inbox. */
export interface Payload {
  kind: "permission" | "question" | "task";
  tag: string;
  title: string;
  body: string;
  url: string;
  workspace_id: string;
  task_id: string | null;
  permission_id: string | null;
  /** Title and body show all that a decision is about. */
  complete: boolean;
  /** For the badge. */
  waiting: number;
}

/** What a notification remembers for the click on it. */
export interface NoticeData {
  url: string;
  workspaceId: string | null;
  permissionId: string | null;
  /** It asks for nothing, it only tells how something ended. */
  outcome?: boolean;
}

export interface Notice {
  title: string;
  options: NotificationOptions & { actions?: { action: string; title: string }[]; renotify?: boolean; data: NoticeData };
}

const ICON = "/icons/icon-192.png";
const BADGE = "/icons/badge-96.png";
/** What every platform shows of a notification. Who approves here has read all of it. */
const MOST_SHOWN = 240;
const MOST_LINES = 4;

export function payloadOf(text: string | null): Payload | null {
  try {
    const value = JSON.parse(text ?? "") as Payload;
    const named = [value.tag, value.title, value.body, value.url, value.workspace_id];
    return named.every((one) => typeof one === "string") && value.title && value.tag ? value : null;
  } catch {
    // Empty, or not from a server of this version: the person is told that something came.
    return null;
  }
}

/** `quiet`: somebody looks at a page of ours already. */
export function noticeOf(payload: Payload | null, origin: string, quiet = false): Notice {
  if (!payload) return plain("Handrail", "Something may need you. Open Handrail to see what.", "handrail");
  const { title, body, tag, workspace_id, permission_id } = payload;
  const notice = plain(title, body, tag, localPath(payload.url, origin));
  notice.options.data = { url: notice.options.data.url, workspaceId: workspace_id, permissionId: permission_id };
  notice.options.silent = quiet;
  if (isDecidable(payload)) {
    notice.options.actions = [
      { action: "allow", title: "Allow once" },
      { action: "deny", title: "Deny" },
    ];
  }
  return notice;
}

/** How something ended that a notification asked; takes the place of the question. */
export function outcomeOf(title: string, body: string, tag: string, url: string): Notice {
  const notice = plain(title, body, tag, url);
  notice.options.silent = true;
  notice.options.data.outcome = true;
  return notice;
}

function isDecidable({ kind, complete, permission_id, workspace_id, body }: Payload): boolean {
  const isShown = body.length <= MOST_SHOWN && body.split("\n").length <= MOST_LINES;
  return kind === "permission" && complete === true && !!permission_id && !!workspace_id && isShown;
}

function plain(title: string, body: string, tag: string, url = "/"): Notice {
  const data = { url, workspaceId: null, permissionId: null };
  return { title, options: { body, tag, icon: ICON, badge: BADGE, dir: "auto", data } };
}

/** A path of this site and nothing else, whatever the message says. */
function localPath(url: string, origin: string): string {
  if (!URL.canParse(url, origin)) return "/";
  const wanted = new URL(url, origin);
  return wanted.origin === origin ? wanted.pathname + wanted.search + wanted.hash : "/";
}

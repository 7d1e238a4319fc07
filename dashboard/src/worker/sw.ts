/// <reference lib="webworker" />
/**
 * The service worker: keeps the built page for when there is no network, and shows what is pushed. It holds nothing
 * that belongs to a person, and touches no request to the server but those that it makes itself.
 */
import { deviceName } from "../device/name.ts";
import { decide, isAnswer } from "./answer.ts";
import type { ToPage, ToWorker } from "./messages.ts";
import { noticeOf, outcomeOf, payloadOf, type Notice, type NoticeData } from "./notice.ts";
import { News } from "./news.ts";
import { renew } from "./renewal.ts";
import { COMPUTED, Shell, type Build } from "./shell.ts";
import { isWatched, show, type Tabs } from "./windows.ts";

/** Put in by the build. */
declare const __BUILD__: Build;

interface RoutableInstall extends ExtendableEvent {
  addRoutes?(rules: { condition: { urlPattern: string }; source: "network" }[]): Promise<void>;
}

const worker = self as unknown as ServiceWorkerGlobalScope;
const { registration, clients } = worker;
const { origin } = worker.location;
const shell = new Shell(__BUILD__, caches, (request, init) => fetch(request, init));
const news = new News();
const OUTCOME_MS = 5_000;
/** Chromium forgets a notification that is put up while the list of them is asked for: one thing after the other. */
let turn: Promise<unknown> = Promise.resolve();

const pages = (): Promise<readonly WindowClient[]> => clients.matchAll({ type: "window", includeUncontrolled: true });
const tabs: Tabs = { all: pages, open: (url) => clients.openWindow(url) };

worker.addEventListener("install", (event: RoutableInstall) => {
  // Where the browser can, it does not even ask: calls need not wait for the worker to wake up.
  const rules = COMPUTED.map((path) => ({ condition: { urlPattern: `${path}/*` }, source: "network" as const }));
  event.waitUntil(Promise.all([event.addRoutes?.(rules), shell.keep()]));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([shell.dropOthers(), clients.claim()]));
});

worker.addEventListener("fetch", (event) => {
  const source = shell.sourceOf(event.request, origin);
  if (source !== "server") event.respondWith(shell[source](event.request));
});

worker.addEventListener("message", (event) => {
  const message = event.data as ToWorker;
  if (message.type === "take-over") event.waitUntil(worker.skipWaiting());
  if (message.type === "hello") event.waitUntil(greet(event.source as Client, message.files));
  if (message.type === "settled") event.waitUntil(takeAway(message.tags, (data) => !data.outcome));
});

worker.addEventListener("push", (event) => {
  const payload = payloadOf(event.data?.text() ?? null);
  event.waitUntil(Promise.all([notify(payload), payload && badge(payload.waiting)]));
});

worker.addEventListener("notificationclick", (event) => {
  event.waitUntil(clicked(event.notification, event.action));
});

worker.addEventListener("pushsubscriptionchange", (event) => {
  const { newSubscription } = event as ExtendableEvent & { newSubscription?: PushSubscription | null };
  const subscribe = async (key: string): Promise<PushSubscription> =>
    newSubscription ?? registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  (event as ExtendableEvent).waitUntil(renew(subscribe, (path, init) => fetch(path, init), deviceName(navigator.userAgent)));
});

/** A page of this build, and nobody else: nothing holds the old worker. A page of another: it is told. */
async function greet(page: Client, files: string[]): Promise<void> {
  if (!shell.includes(files)) page.postMessage({ type: "newer" } satisfies ToPage);
  else if ((await pages()).length === 1) await worker.skipWaiting();
}

async function notify(payload: ReturnType<typeof payloadOf>): Promise<void> {
  const notice = noticeOf(payload, origin, isWatched(await pages()));
  await put({ ...notice, options: { ...notice.options, renotify: news.includes(notice) } });
}

async function clicked(notification: Notification, action: string): Promise<void> {
  const data = notification.data as NoticeData;
  if (!isAnswer(action)) {
    notification.close();
    return show(data.url, tabs);
  }
  const outcome = await decide(data, action, (path, init) => fetch(path, init));
  notification.close();
  if (outcome.kind === "open") return show(outcome.url, tabs);
  const { tag } = notification;
  await put(outcomeOf(outcome.title, outcome.body, tag, data.url));
  await new Promise((resolve) => setTimeout(resolve, OUTCOME_MS));
  await takeAway([tag], (data) => !!data.outcome);
}

function put({ title, options }: Notice): Promise<void> {
  return inTurn(() => registration.showNotification(title, options));
}

function takeAway(tags: string[], unwanted: (data: NoticeData) => boolean): Promise<void> {
  return inTurn(async () => {
    for (const shown of await registration.getNotifications()) {
      if (tags.includes(shown.tag) && unwanted(shown.data as NoticeData)) shown.close();
    }
  });
}

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const done = turn.then(work, work);
  turn = done.catch(() => undefined);
  return done;
}

/** Installed or not, the platform decides whether there is a badge to set. */
async function badge(waiting: number): Promise<void> {
  if (!("setAppBadge" in navigator) || !Number.isInteger(waiting)) return;
  await (waiting > 0 ? navigator.setAppBadge(waiting) : navigator.clearAppBadge());
}

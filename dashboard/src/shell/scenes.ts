/** Which view shows a route, with what, loaded when it is first wanted: nobody downloads what they do not look at. */
import type { Component } from "svelte";
import type { Route } from "../addresses.ts";
import { idle } from "../parts/idle.ts";
import { VIEWS } from "../views/views.ts";
import NotFound from "../views/NotFound.svelte";
import { DIALOGS } from "./overlays.svelte.ts";

export type AnyView = Component<Record<string, unknown>>;

export interface Scene {
  /** As long as it stays the same, the view stays and only its properties change. */
  key: string;
  props: Record<string, unknown>;
  /** The view if it is here already: then it is shown at once, and one is where one was on the page. */
  loaded: AnyView | undefined;
  load: () => Promise<AnyView>;
}

type Load<Props extends object> = () => Promise<{ default: Component<Props> }>;

const loaded = new Map<unknown, AnyView>();

async function loadOnce<Props extends object>(load: Load<Props>): Promise<AnyView> {
  const view = (await load()).default as unknown as AnyView;
  loaded.set(load, view);
  return view;
}

/** A view and what it is shown with; that the two fit is checked here, and not needed to be known elsewhere. */
function scene<Props extends object>(load: Load<Props>, props: Props, key = ""): Scene {
  return { key, props: props as Record<string, unknown>, loaded: loaded.get(load), load: () => loadOnce(load) };
}

const notFound = (): Promise<{ default: typeof NotFound }> => Promise.resolve({ default: NotFound });

export function sceneOf(route: Route): Scene {
  switch (route.view) {
    case "workspace": {
      const { workspaceId, filter } = route;
      return scene(VIEWS.workspace, { workspaceId, filter }, workspaceId);
    }
    case "task": {
      const { workspaceId, taskId } = route;
      return scene(VIEWS.task, { workspaceId, taskId }, `${workspaceId} ${taskId}`);
    }
    case "settings":
      return scene(VIEWS.settings, { workspaceId: route.workspaceId }, route.workspaceId);
    case "signin":
      return scene(VIEWS.signin, { next: route.next });
    case "not-found":
      return scene(notFound, { what: "page" as const });
    default:
      return scene(VIEWS[route.view], {});
  }
}

let preloads = true;

/** Fetches one after the other what was not needed so far, while the browser has nothing else to do. */
export async function preload(loads: (() => Promise<unknown>)[] = everything()): Promise<void> {
  if (savesData()) return;
  for (const load of loads) {
    await idle();
    if (!preloads) return;
    // What cannot be had now is asked for again when it is wanted, and missed then.
    await load().catch(() => {});
  }
}

/** For good: another version is about to take the place of this one. */
export function stopPreloading(): void {
  preloads = false;
}

/** What a key brings up anywhere first. */
function everything(): (() => Promise<unknown>)[] {
  const { palette, ...dialogs } = DIALOGS;
  const views = Object.values(VIEWS).map((load) => () => loadOnce(load as Load<never>));
  return [palette, ...views, ...Object.values(dialogs)];
}

function savesData(): boolean {
  const { connection } = navigator as Navigator & { connection?: { saveData?: boolean } };
  return connection?.saveData ?? false;
}

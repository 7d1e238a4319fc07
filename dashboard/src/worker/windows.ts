/** Bringing a person to a page: in a tab that is open already, without reloading it, or in a new one. */
import type { ToPage } from "./messages.ts";

export interface Tab {
  readonly focused: boolean;
  readonly visibilityState: string;
  focus(): Promise<unknown>;
  postMessage(message: ToPage): void;
}

export interface Tabs {
  all(): Promise<readonly Tab[]>;
  open(url: string): Promise<unknown>;
}

export async function show(url: string, tabs: Tabs): Promise<void> {
  const tab = latest(await tabs.all());
  if (!tab) return void (await tabs.open(url));
  tab.postMessage({ type: "open", url });
  await tab.focus();
}

/** Whether somebody looks at a page of ours. */
export function isWatched(tabs: readonly Tab[]): boolean {
  return tabs.some((tab) => tab.focused && tab.visibilityState === "visible");
}

/** The tab that one would look at anyway. The browser lists them by when they were last in front. */
function latest(tabs: readonly Tab[]): Tab | undefined {
  return tabs.find((tab) => tab.focused) ?? tabs.find((tab) => tab.visibilityState === "visible") ?? tabs[0];
}

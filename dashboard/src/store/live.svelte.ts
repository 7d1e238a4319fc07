/**
 * All that the signed-in person sees, kept true while the tab is open: the workspaces and the inbox from
 * snapshots, then from event streams for as many workspaces as connections allow, and by polling the rest.
 */
import { SvelteMap } from "svelte/reactivity";
import * as api from "../api/calls.ts";
import { explain } from "../api/http.ts";
import type { InboxItem, LogEvent, Workspace } from "../api/types.ts";
import { Collection } from "./collection.ts";
import { followEvents } from "./event-stream.ts";
import { inboxAfter, inboxFrom } from "./inbox.ts";
import { StreamSet } from "./stream-set.ts";
import { WorkspaceStore } from "./workspace-store.ts";

const POLL_MS = 3_000;
/** No stream tells of a workspace that was made elsewhere. */
const CHECK_MS = 10_000;
const HIDDEN_CHECK_MS = 60_000;
const HIDDEN_AFTER_MS = 30_000;
const INBOX_SETTLES_MS = 300;

export type Connection = "live" | "polling" | "lost";

class Live {
  readonly workspaces = new Collection<Workspace>();
  inbox = $state.raw<InboxItem[]>([]);
  loaded = $state(false);
  problem = $state("");
  readonly #stores = new Map<string, WorkspaceStore>();
  readonly #streams = new SvelteMap<string, "opening" | "live" | "lost">();
  readonly #streamSet = new StreamSet((id, signal) => this.#follow(id, signal));
  #focused = $state<string | null>(null);
  #pollTimer: ReturnType<typeof setTimeout> | undefined;
  #inboxTimer: ReturnType<typeof setTimeout> | undefined;
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  #running = false;
  #asleep = false;

  store(id: string): WorkspaceStore {
    const known = this.#stores.get(id);
    if (known) return known;
    const store = new WorkspaceStore(id, this.workspaces);
    store.log.onApplied = (event) => this.#applied(event);
    this.#stores.set(id, store);
    return store;
  }

  get connection(): Connection {
    const relevant = this.#focused ? [this.#focused] : this.#active().map((workspace) => workspace.id);
    const states = relevant.map((id) => this.#streams.get(id));
    if (this.problem || states.includes("lost")) return "lost";
    return states.every((state) => state !== undefined) ? "live" : "polling";
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    document.addEventListener("visibilitychange", this.#visibilityChanged);
    window.addEventListener("online", this.#refreshNow);
    void this.#poll();
  }

  /** This workspace is on the screen: its stream comes first. */
  focus(id: string | null): void {
    this.#focused = id;
    this.#chooseStreams();
  }

  async refresh(): Promise<void> {
    const before = new Set(this.workspaces.values().map((workspace) => workspace.id));
    try {
      const [list, inbox] = await Promise.all([api.workspaces.list(), api.inbox.get()]);
      for (const workspace of list.items) {
        before.delete(workspace.id);
        this.welcome(workspace);
      }
      if (list.next_cursor === null) before.forEach((id) => this.workspaces.delete(id));
      this.inbox = inboxFrom(inbox, this.inbox, (id) => this.store(id).log.cursor);
      this.loaded = true;
      this.problem = "";
      this.#chooseStreams();
    } catch (error) {
      this.problem = explain(error);
    }
  }

  /** Takes in a workspace as the server just gave it, and catches up with it if no stream does. */
  welcome(workspace: Workspace): void {
    this.workspaces.put(workspace, workspace.seq);
    const store = this.store(workspace.id);
    if (store.log.cursor === 0) {
      store.log.advanceTo(workspace.seq);
      store.tokens.use(); // for good: they tell whether an agent is present
    } else if (workspace.seq > store.log.cursor && this.#streams.get(workspace.id) !== "live") {
      void store.resync();
    }
  }

  forget(id: string): void {
    this.workspaces.delete(id);
    this.inbox = this.inbox.filter((item) => item.workspace.id !== id);
    this.#chooseStreams();
  }

  #active(): Workspace[] {
    return this.workspaces.values().filter((workspace) => !workspace.archived_at);
  }

  #applied(event: LogEvent): void {
    if (event.type === "workspace.deleted") return this.forget(event.workspace_id);
    const workspace = this.workspaces.get(event.workspace_id);
    if (!workspace || !(event.task || event.permission)) return;
    this.inbox = inboxAfter(this.inbox, event, workspace);
    clearTimeout(this.#inboxTimer);
    this.#inboxTimer = setTimeout(() => void this.settleInbox(), INBOX_SETTLES_MS);
  }

  /** What waits is the server's to judge: our own reading of the events only bridges the moment. */
  async settleInbox(): Promise<void> {
    const snapshot = await api.inbox.get().catch(() => null);
    if (snapshot) this.inbox = inboxFrom(snapshot, this.inbox, (id) => this.store(id).log.cursor);
  }

  #follow(id: string, signal: AbortSignal): Promise<void> {
    const store = this.store(id);
    this.#streams.set(id, "opening");
    signal.addEventListener("abort", () => this.#streams.delete(id), { once: true });
    return followEvents(
      id,
      {
        after: () => store.log.cursor,
        event: (event) => store.log.receive(event),
        reset: () => void store.resync(),
        gone: () => this.forget(id),
        live: (isLive) => this.#streams.set(id, isLive ? "live" : "lost"),
      },
      signal,
    );
  }

  #chooseStreams(): void {
    if (this.#asleep) return this.#streamSet.want([]);
    // In an order that does not change while one works: each change of place would reopen a stream.
    const newestFirst = this.#active()
      .sort((a, b) => b.created_at.localeCompare(a.created_at) || b.id.localeCompare(a.id))
      .map((workspace) => workspace.id);
    const focused = this.#focused && this.workspaces.get(this.#focused) ? [this.#focused] : [];
    this.#streamSet.want([...new Set([...focused, ...newestFirst])]);
  }

  #visibilityChanged = (): void => {
    clearTimeout(this.#hiddenTimer);
    const sleep = (asleep: boolean): void => {
      this.#asleep = asleep;
      this.#chooseStreams();
    };
    if (document.visibilityState === "visible") {
      sleep(false);
      void this.#poll();
    } else this.#hiddenTimer = setTimeout(() => sleep(true), HIDDEN_AFTER_MS);
  };

  #refreshNow = (): void => void this.#poll();

  async #poll(): Promise<void> {
    clearTimeout(this.#pollTimer);
    await this.refresh();
    clearTimeout(this.#pollTimer);
    const visibleMs = this.connection === "live" ? CHECK_MS : POLL_MS;
    const ms = document.visibilityState === "hidden" ? HIDDEN_CHECK_MS : visibleMs;
    this.#pollTimer = setTimeout(() => void this.#poll(), ms);
  }
}

export const live = new Live();

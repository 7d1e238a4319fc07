/**
 * All that the signed-in person sees, kept true while the tab is open: the workspaces and the inbox from
 * snapshots, then from the event stream that the tabs of a browser share.
 */
import * as api from "../api/calls.ts";
import { explain, Problem } from "../api/http.ts";
import type { LogEvent, Workspace } from "../api/types.ts";
import { Collection } from "./collection.ts";
import { Inbox } from "./inbox.svelte.ts";
import { everyPage } from "./pages.ts";
import { SharedStream, type StreamState } from "./shared-stream.ts";
import { WorkspaceStore } from "./workspace-store.ts";

/** While no events come, the lists are asked for: perhaps only streams are held up on the way. */
const CHECK_MS = 5_000;
/** The tab that leads tells the others what waits in less time than this. */
const TOLD_MS = 3_000;
/** One stream follows no more than so many workspaces; beyond that, the lists are asked for now and then. */
const MOST_FOLLOWED = 100;
const RARE_CHECK_MS = 30_000;

class Live {
  readonly workspaces = new Collection<Workspace>();
  readonly inbox = new Inbox((id) => this.store(id).log.cursor);
  loaded = $state(false);
  problem = $state("");
  connection = $state<StreamState>("connecting");
  /** Called with every event, after it was taken in. */
  onApplied: (event: LogEvent) => void = () => {};
  readonly #stores = new Map<string, WorkspaceStore>();
  #begun: Promise<void> | undefined;
  #stream: SharedStream | undefined;
  #checkTimer: ReturnType<typeof setTimeout> | undefined;

  store(id: string): WorkspaceStore {
    const known = this.#stores.get(id);
    if (known) return known;
    const store = new WorkspaceStore(id, this.workspaces);
    store.log.onApplied = (event) => {
      this.#applied(event);
      store.applied();
    };
    store.onGone = () => this.forget(id);
    store.alsoResync = () => this.inbox.refreshSoon();
    this.#stores.set(id, store);
    return store;
  }

  async start(personId: string): Promise<void> {
    if (this.#stream) return;
    this.#stream = new SharedStream(`handrail:stream:${personId}`, {
      cursors: () => this.#cursors(),
      event: (event) => this.store(event.workspace_id).log.receive(event),
      reset: (id) => void this.#reload(id),
      state: (state) => this.#entered(state),
      inbox: (told) => this.inbox.take(told),
    });
    this.inbox.onDoubt = (id) => void this.#askWhatWaits(id);
    // The stream continues from what the snapshot says; if there is none yet, it begins with resets.
    await this.begin();
    if (!this.loaded) await this.refresh();
    this.#stream.start();
    this.#checkLater();
  }

  /** The first snapshot. It may be asked for while it is not known yet who is there: the server knows. */
  begin(): Promise<void> {
    return (this.#begun ??= this.refresh());
  }

  async refresh(): Promise<void> {
    const before = new Set(this.workspaces.values().map((workspace) => workspace.id));
    try {
      const [list, { seqs }] = await Promise.all([everyPage(api.workspaces.list), this.inbox.refresh()]);
      for (const workspace of list.items) {
        before.delete(workspace.id);
        this.welcome(workspace, seqs[workspace.id]);
      }
      before.forEach((id) => this.forget(id));
      this.loaded = true;
      this.problem = "";
    } catch (error) {
      this.problem = explain(error);
    }
  }

  /** Takes in a workspace as the server just gave it, and catches up with it, or with an older inbox, if no stream does. */
  welcome(workspace: Workspace, inboxSeq: number = workspace.seq): void {
    this.workspaces.put(workspace, workspace.seq);
    const store = this.store(workspace.id);
    const isNew = store.log.cursor === 0;
    if (isNew) store.log.advanceTo(Math.min(workspace.seq, inboxSeq));
    if (workspace.seq > store.log.cursor && (isNew || !this.#followsAll)) void store.resync();
  }

  /** Every event comes by the stream, soon if it is not here yet. */
  get #followsAll(): boolean {
    return this.connection === "live" && this.workspaces.values().length <= MOST_FOLLOWED;
  }

  /** It is not there for this person any more; it may come back, if somebody lets them in again. */
  forget(id: string): void {
    this.workspaces.evict((workspace) => workspace.id === id);
    this.#stores.delete(id);
    this.inbox.forget(id);
  }

  #cursors(): Map<string, number> {
    const active = this.workspaces.values().slice(-MOST_FOLLOWED);
    return new Map(active.map(({ id }) => [id, this.store(id).log.cursor]));
  }

  async #reload(id: string): Promise<void> {
    if (this.workspaces.get(id)) return this.store(id).resync();
    try {
      const workspace = await api.workspaces.get(id);
      // The inbox before the first event is taken in: from then on, only events change what it says of this workspace.
      this.welcome(workspace, (await this.inbox.refreshSoon()).seqs[id]);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) this.forget(id);
      else this.#checkSoon();
    }
  }

  /** The leading tab asks for all; another only if it is not told. */
  async #askWhatWaits(workspaceId: string): Promise<void> {
    if (!this.#stream?.leads) {
      await new Promise((resolve) => setTimeout(resolve, TOLD_MS));
      const workspace = this.workspaces.get(workspaceId);
      if (!workspace || !this.inbox.isUnsure(workspace)) return;
    }
    // Whoever cannot be reached now is asked again with the next event, or when the connection is back.
    const told = await this.inbox.refreshSoon().catch(() => null);
    if (told && this.#stream?.leads) this.#stream.tell(told);
  }

  #applied(event: LogEvent): void {
    if (event.type === "workspace.deleted") this.forget(event.workspace_id);
    const workspace = this.workspaces.get(event.workspace_id);
    if (workspace?.archived_at) this.inbox.forget(workspace.id);
    else if (workspace) this.inbox.applied(event, workspace);
    if (event.type === "workspace.restored") void this.inbox.refreshSoon().catch(() => {});
    this.onApplied(event);
  }

  #entered(state: StreamState): void {
    const wasLost = this.connection === "lost";
    this.connection = state;
    if (state === "lost") this.#checkSoon();
    else if (state === "live") this.#checkLater();
    // Events bring the workspaces up to date; what waits is asked for, as it may have been settled anywhere.
    if (state === "live" && (wasLost || !this.loaded)) void this.refresh();
  }

  #checkSoon(): void {
    clearTimeout(this.#checkTimer);
    this.#checkTimer = setTimeout(() => void this.refresh().then(() => this.#checkLater()), CHECK_MS);
  }

  #checkLater(): void {
    if (this.connection !== "live") return this.#checkSoon();
    clearTimeout(this.#checkTimer);
    if (this.#followsAll) return;
    this.#checkTimer = setTimeout(() => void this.refresh().then(() => this.#checkLater()), RARE_CHECK_MS);
  }
}

export const live = new Live();

/**
 * One event stream for all tabs of a browser: HTTP/1.1 allows six connections to one host, and every stream
 * takes one for good. The tab that holds the lock leads: it reads the stream and passes everything on. When it
 * goes, the lock goes to another, which reads on from its own cursors. What a tab missed in between it notices
 * by a gap in the numbers, or by the leader's pulse, which tells how far each workspace was read.
 *
 *     leader ── event, reset, pulse, inbox ──► every other tab
 *     a tab that is new or looked at again ── hello ──► leader, who answers with a pulse, and looks after its stream
 */
import type { LogEvent } from "../api/types.ts";
import { followEvents } from "./event-stream.ts";
import type { Told } from "./inbox.svelte.ts";

export type StreamState = "connecting" | "live" | "lost";

export interface SharedStreamHandlers {
  cursors: () => Map<string, number>;
  event: (event: LogEvent) => void;
  reset: (workspaceId: string) => void;
  state: (state: StreamState) => void;
  inbox: (told: Told) => void;
}

type Note =
  | { kind: "hello" }
  | { kind: "event"; event: LogEvent }
  | { kind: "reset"; workspaceId: string }
  | { kind: "inbox"; told: Told }
  | { kind: "pulse"; state: StreamState; cursors: Map<string, number> };

const PULSE_MS = 15_000;
/** A leader that is silent for this long is stuck. Browsers let the timers of a tab that was hidden long fire once a minute. */
const NO_PULSE_MS = 75_000;

export class SharedStream {
  readonly #stop = new AbortController();
  readonly #others: BroadcastChannel;
  readonly #looks = new EventTarget();
  #state: StreamState = "connecting";
  #leads = false;
  #pulseTimer: ReturnType<typeof setInterval> | undefined;
  #silenceTimer: ReturnType<typeof setTimeout> | undefined;

  /** Tabs of the same `name` share; a person's id, so that nobody hears of another's workspaces. */
  constructor(
    readonly name: string,
    private readonly on: SharedStreamHandlers,
  ) {
    this.#others = new BroadcastChannel(name);
  }

  start(): void {
    this.#others.onmessage = ({ data }) => this.#heard(data as Note);
    document.addEventListener("visibilitychange", this.#looked, { signal: this.#stop.signal });
    // Without Web Locks (plain HTTP from another host) nothing can be shared: every tab leads itself.
    if (!("locks" in navigator)) return void this.#lead();
    this.#tell({ kind: "hello" });
    const { signal } = this.#stop;
    navigator.locks.request(this.name, { signal }, () => this.#lead()).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  /** This tab asks the server for all. */
  get leads(): boolean {
    return this.#leads;
  }

  /** Passes on what the server said of what waits. */
  tell(told: Told): void {
    this.#tell({ kind: "inbox", told });
  }

  stop(): void {
    this.#stop.abort();
    clearInterval(this.#pulseTimer);
    clearTimeout(this.#silenceTimer);
    this.#others.close();
  }

  async #lead(): Promise<void> {
    this.#leads = true;
    clearTimeout(this.#silenceTimer);
    this.#enter("connecting");
    this.#pulseTimer = setInterval(() => this.#pulse(), PULSE_MS);
    await followEvents(
      {
        cursors: this.on.cursors,
        event: (event) => {
          this.on.event(event);
          this.#tell({ kind: "event", event });
        },
        reset: (workspaceId) => {
          this.on.reset(workspaceId);
          this.#tell({ kind: "reset", workspaceId });
        },
        live: (isLive) => this.#enter(isLive ? "live" : "lost"),
      },
      this.#looks,
      this.#stop.signal,
    );
    clearInterval(this.#pulseTimer);
  }

  #looked = (): void => {
    if (document.visibilityState !== "visible") return;
    if (this.#leads) this.#looks.dispatchEvent(new Event("look"));
    else this.#tell({ kind: "hello" });
  };

  #heard(note: Note): void {
    if (this.#leads) {
      if (note.kind !== "hello") return;
      this.#pulse();
      this.#looks.dispatchEvent(new Event("look"));
      return;
    }
    if (note.kind === "event") this.on.event(note.event);
    else if (note.kind === "reset") this.on.reset(note.workspaceId);
    else if (note.kind === "inbox") this.on.inbox(note.told);
    else if (note.kind === "pulse") this.#follow(note);
  }

  #follow({ state, cursors }: Extract<Note, { kind: "pulse" }>): void {
    this.#enter(state);
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => this.#enter("lost"), NO_PULSE_MS);
    const own = this.on.cursors();
    for (const [id, seq] of cursors) {
      if ((own.get(id) ?? -1) < seq) this.on.reset(id);
    }
  }

  #enter(state: StreamState): void {
    if (this.#state !== state) {
      this.#state = state;
      this.on.state(state);
    }
    if (this.#leads) this.#pulse();
  }

  #pulse(): void {
    this.#tell({ kind: "pulse", state: this.#state, cursors: this.on.cursors() });
  }

  #tell(note: Note): void {
    if (!this.#stop.signal.aborted) this.#others.postMessage(note);
  }
}

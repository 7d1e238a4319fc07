/**
 * Follows the event stream over all workspaces of the person until the signal ends it, reconnecting from where
 * each workspace's log was read to. Read with fetch, not EventSource: so event types unknown to us still move
 * the cursors on, a 401 is told apart from a lost connection, and a stream that fell silent (sleep, a dead
 * proxy) is noticed.
 */
import { announceSignedOut } from "../api/http.ts";
import { FrameParser, type Frame } from "../api/sse.ts";
import type { LogEvent } from "../api/types.ts";
import { Backoff } from "./backoff.ts";

/** The server sends a comment every 20 s. */
const SILENCE_MS = 45_000;
/** Whoever comes back to the page does not wait for the silence to be that long. */
const SUSPICIOUS_MS = 25_000;
/** A stream that lasted this long was sound: the next attempt follows soon. */
const SOUND_MS = 5_000;

export interface StreamHandlers {
  /** By workspace, the number of the last event that was taken in. */
  cursors: () => Map<string, number>;
  event: (event: LogEvent) => void;
  /** What is known of this workspace cannot be brought up to date by events: load it anew. */
  reset: (workspaceId: string) => void;
  live: (isLive: boolean) => void;
}

const MOST_NAMED = 200;
const LONGEST_AFTER = 3_800;

/** `looks` fires "look" when the person comes back to a tab that shows what this stream brings. */
export async function followEvents(on: StreamHandlers, looks: EventTarget, signal: AbortSignal): Promise<void> {
  const backoff = new Backoff(looks);
  while (!signal.aborted) {
    const started = performance.now();
    const outcome = await connectOnce(on, looks, signal).catch(() => "lost");
    if (signal.aborted) return;
    on.live(false);
    if (performance.now() - started > SOUND_MS) backoff.succeeded();
    if (outcome === "stop") return;
    await backoff.pause(signal);
  }
}

async function connectOnce(on: StreamHandlers, looks: EventTarget, signal: AbortSignal): Promise<"lost" | "stop"> {
  const watch = new SilenceWatch(looks);
  try {
    const response = await fetch(`/api/events?after=${afterOf(on.cursors())}`, {
      headers: { Accept: "text/event-stream" },
      signal: AbortSignal.any([signal, watch.signal]),
    });
    if (response.status === 401) {
      announceSignedOut();
      return "stop";
    }
    if (!response.ok || !response.body) return "lost";
    on.live(true);
    await read(response.body, (frames) => {
      watch.heard();
      for (const frame of frames) deliver(frame, on);
    });
    return "lost";
  } finally {
    watch.end();
  }
}

/** As many as a URL has room for on every relay; what is not named is loaded anew. */
export function afterOf(cursors: Map<string, number>): string {
  const named: string[] = [];
  let length = 0;
  for (const [id, seq] of cursors) {
    const one = `${encodeURIComponent(id)}:${seq}`;
    length += one.length + 1;
    if (named.length === MOST_NAMED || length > LONGEST_AFTER) break;
    named.push(one);
  }
  return named.join(",");
}

/** Aborts its signal when nothing was heard for too long, or when the browser says that the network went. */
class SilenceWatch {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heardAt = 0;

  constructor(private readonly looks: EventTarget) {
    this.heard();
    window.addEventListener("offline", this.#giveUp);
    looks.addEventListener("look", this.#suspect);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  heard(): void {
    this.#heardAt = Date.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#giveUp, SILENCE_MS);
  }

  end(): void {
    clearTimeout(this.#timer);
    window.removeEventListener("offline", this.#giveUp);
    this.looks.removeEventListener("look", this.#suspect);
    this.#giveUp();
  }

  #giveUp = (): void => this.#controller.abort();

  #suspect = (): void => {
    if (Date.now() - this.#heardAt > SUSPICIOUS_MS) this.#giveUp();
  };
}

async function read(body: ReadableStream<Uint8Array>, received: (frames: Frame[]) => void): Promise<void> {
  const parser = new FrameParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    received(parser.push(decoder.decode(value, { stream: true })));
  }
}

function deliver(frame: Frame, on: StreamHandlers): void {
  const event = JSON.parse(frame.data) as LogEvent;
  if (frame.event === "reset") on.reset(event.workspace_id);
  else on.event(event);
}

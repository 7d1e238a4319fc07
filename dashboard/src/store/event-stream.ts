/**
 * Follows one workspace's event stream until the signal ends it, reconnecting from the log's cursor.
 * Read with fetch, not EventSource: so event types unknown to us still move the cursor on, a 401 is told
 * apart from a lost connection, and a stream that fell silent (sleep, a dead proxy) is noticed.
 */
import { announceSignedOut } from "../api/http.ts";
import { FrameParser, type Frame } from "../api/sse.ts";
import type { LogEvent } from "../api/types.ts";
import { Backoff } from "./backoff.ts";

/** The server sends a comment every 20 s. */
const SILENCE_MS = 45_000;
/** A stream that lasted this long was sound: the next attempt follows soon. */
const SOUND_MS = 5_000;

export interface StreamHandlers {
  after: () => number;
  event: (event: LogEvent) => void;
  reset: () => void;
  gone: () => void;
  live: (isLive: boolean) => void;
}

export async function followEvents(id: string, on: StreamHandlers, signal: AbortSignal): Promise<void> {
  const backoff = new Backoff();
  while (!signal.aborted) {
    const started = performance.now();
    const outcome = await connectOnce(id, on, signal).catch(() => "lost");
    if (signal.aborted) return;
    on.live(false);
    if (performance.now() - started > SOUND_MS) backoff.succeeded();
    if (outcome === "stop") return;
    await backoff.pause(signal);
  }
}

async function connectOnce(
  id: string,
  on: StreamHandlers,
  signal: AbortSignal,
): Promise<"lost" | "stop"> {
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  try {
    heard();
    const response = await fetch(`/api/workspaces/${encodeURIComponent(id)}/events?after=${on.after()}`, {
      headers: { Accept: "text/event-stream" },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!response.ok || !response.body) return refused(response.status, on);
    on.live(true);
    await read(response.body, (frames) => {
      heard();
      for (const frame of frames) deliver(frame, on);
    });
    return "lost";
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

function refused(status: number, on: StreamHandlers): "lost" | "stop" {
  if (status === 401) announceSignedOut();
  if (status === 404 || status === 403) on.gone();
  return [401, 403, 404].includes(status) ? "stop" : "lost";
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
  if (frame.event === "reset") on.reset();
  else on.event(JSON.parse(frame.data) as LogEvent);
}

/**
 * Calls to the API. Every refusal is a `Problem` with a sentence that can be shown to the person;
 * a 401 is also announced to `onSignedOut`, once, wherever it happened.
 */

export interface ProblemBody {
  title?: string;
  /** All of what is wrong, in words; `errors` has the same by field. */
  detail?: string;
  code?: string;
  errors?: { path: string; message: string }[];
  [extra: string]: unknown;
}

export class Problem extends Error {
  readonly code: string;

  constructor(
    readonly status: number,
    readonly body: ProblemBody,
  ) {
    super(body.detail ?? body.title ?? "The server refused this.");
    this.code = body.code ?? "unknown";
  }
}

export function unreachable(): Problem {
  const detail = navigator.onLine === false
    ? "Handrail cannot be reached: this device is offline. Try again when it is connected."
    : "Handrail cannot be reached. Check that it is running, then try again.";
  return new Problem(0, { code: "unreachable", detail });
}

let signedOut: () => void = () => {};

export function onSignedOut(react: () => void): void {
  signedOut = react;
}

export function announceSignedOut(): void {
  signedOut();
}

let leaving = false;

/** Does `work` when the page is left: what it calls for outlives the page, as far as the browser allows (64 KiB). */
export function onLeaving(work: () => void): void {
  addEventListener("pagehide", () => {
    leaving = true;
    work();
  });
}
addEventListener("pageshow", () => (leaving = false));

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

interface Options {
  body?: unknown;
  idempotencyKey?: string;
  signal?: AbortSignal;
}

const READING = { method: "GET", headers: { Accept: "application/json" }, credentials: "same-origin" } satisfies RequestInit;

/** Nobody takes an older answer for how things are. */
const AHEAD_MS = 10_000;
const ahead = new Map<string, Promise<Response>>();

/** Asks for what will be called for once the code that does is here: the first call of each path takes the answer. */
export function askAhead(paths: string[]): void {
  for (const path of paths) {
    const answer = fetch(path, READING);
    // Whoever takes it notices; perhaps nobody does.
    answer.catch(() => {});
    ahead.set(path, answer);
  }
  setTimeout(() => ahead.clear(), AHEAD_MS);
}

function takeAhead(path: string, { method }: RequestInit): Promise<Response> | undefined {
  if (method !== "GET") return undefined;
  const answer = ahead.get(path);
  ahead.delete(path);
  return answer;
}

export async function call<T>(method: Method, path: string, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { ...READING.headers };
  const init: RequestInit = { ...READING, method, headers };
  if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(options.body);
  }
  if (leaving) init.keepalive = true;
  if (options.signal) init.signal = options.signal;
  if (options.idempotencyKey) headers["Idempotency-Key"] = options.idempotencyKey;
  const response = await inTime(path, init);
  if (!response.ok) throw await refusal(response, path);
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

const MOST_WAITS = 3;
const LONGEST_WAIT_S = 15;

/** What came too often was not carried out: it is sent again, any call, when the server says so. */
async function inTime(path: string, init: RequestInit): Promise<Response> {
  for (let waits = 0; ; waits += 1) {
    const response = await (takeAhead(path, init) ?? fetch(path, init)).catch(() => {
      throw unreachable();
    });
    const seconds = Number(response.headers.get("Retry-After") ?? NaN);
    if (response.status !== 429 || waits === MOST_WAITS || !(seconds >= 0 && seconds <= LONGEST_WAIT_S)) return response;
    // Not all tabs at the same moment.
    await new Promise((resolve) => setTimeout(resolve, (seconds + Math.random()) * 1000));
    if (init.signal?.aborted) return response;
  }
}

export async function refusal(response: Response, path: string): Promise<Problem> {
  if (response.status === 401 && !path.startsWith("/auth/")) announceSignedOut();
  const body = (await response.json().catch(() => null)) as ProblemBody | null;
  return new Problem(response.status, body ?? { title: `The server answered ${response.status}.` });
}

/** What to show for anything that was thrown. */
export function explain(error: unknown): string {
  if (error instanceof Error) return error.message;
  return String(error);
}

/** Whether the same may go well before long. */
export function mayPass(error: unknown): boolean {
  return !(error instanceof Problem) || error.status === 0 || error.status === 429 || error.status >= 500;
}

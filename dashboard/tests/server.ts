/** Answers `fetch` from a table of "METHOD /path" while a test runs; an unknown request fails the test. */
import { vi } from "vitest";

export interface Request {
  line: string;
  body: unknown;
}

export function serve(answers: Record<string, (body: unknown) => unknown>): Request[] {
  const requests: Request[] = [];
  vi.stubGlobal("fetch", (url: string, init: RequestInit = {}) => {
    const line = `${init.method ?? "GET"} ${url.split("?")[0]}`;
    const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
    requests.push({ line, body });
    const answer = answers[line];
    if (!answer) throw new Error(`unexpected request ${line}`);
    return Promise.resolve(answer(body)).then((given) => (given instanceof Response ? given : Response.json(given)));
  });
  return requests;
}

export function problem(status: number, body: Record<string, unknown>): Response {
  return Response.json(body, { status, headers: { "Content-Type": "application/problem+json" } });
}

export function stream(text: string): Response {
  return new Response(text, { headers: { "Content-Type": "text/event-stream" } });
}

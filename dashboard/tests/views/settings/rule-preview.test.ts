import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { asInput, RulePreview } from "../../../src/views/settings/rule-preview.svelte.ts";
import { problem, serve } from "../../server.ts";

const PREVIEW = "POST /api/workspaces/w1/permission_rules/preview";
const answer = (pattern: string) => ({ pattern, allowed: null, matched: [], checked: 0 });

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("asking what a rule would do", () => {
  it("asks once one pauses, and only for the last that was typed", async () => {
    const requests = serve({ [PREVIEW]: (body) => answer((body as { pattern: string }).pattern) });
    const preview = new RulePreview("w1");
    for (const pattern of ["g", "gi", "git"]) preview.ask({ tool_name: "Bash", pattern });
    await vi.runAllTimersAsync();
    expect(requests.map(({ body }) => body)).toEqual([{ tool_name: "Bash", pattern: "git" }]);
    expect(preview.answer?.pattern).toBe("git");
  });

  it("keeps to the last question whatever the order of the answers", async () => {
    const waiting: ((answer: unknown) => void)[] = [];
    serve({ [PREVIEW]: () => new Promise((resolve) => waiting.push(resolve)) });
    const preview = new RulePreview("w1");
    preview.ask({ tool_name: "Bash", pattern: "first" });
    await vi.runAllTimersAsync();
    preview.ask({ tool_name: "Bash", pattern: "second" });
    await vi.runAllTimersAsync();
    waiting[1]?.(answer("second"));
    await vi.runAllTimersAsync();
    waiting[0]?.(answer("first"));
    await vi.runAllTimersAsync();
    expect(preview.answer?.pattern).toBe("second");
  });

  it("says what is wrong with the pattern, and nothing once it is gone", async () => {
    serve({ [PREVIEW]: () => problem(422, { code: "validation_failed", errors: [{ path: "pattern", message: "Write it out." }] }) });
    const preview = new RulePreview("w1");
    preview.ask({ tool_name: "Bash", pattern: "sudo *" });
    await vi.runAllTimersAsync();
    expect([preview.objection, preview.problem, preview.answer]).toEqual(["Write it out.", "", null]);
    preview.ask({ tool_name: "Bash", pattern: "" });
    expect(preview.objection).toBe("");
  });

  it("keeps the last answer while the server cannot be asked", async () => {
    let reply: () => unknown = () => answer("git");
    serve({ [PREVIEW]: () => reply() });
    const preview = new RulePreview("w1");
    preview.ask({ tool_name: "Bash", pattern: "git" });
    await vi.runAllTimersAsync();
    reply = () => problem(503, { detail: "Later." });
    preview.ask({ tool_name: "Bash", pattern: "git log" });
    await vi.runAllTimersAsync();
    expect([preview.answer?.pattern, preview.problem]).toEqual(["git", "Later."]);
  });
});

it("takes a command alone for what a shell tool sends", () => {
  expect(asInput(" git log ")).toBe('{"command":"git log"}');
  expect(asInput(' {"query": "select 1"} ')).toBe('{"query": "select 1"}');
});

import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import PermissionCard from "../../src/parts/PermissionCard.svelte";
import { SETTLES_MS } from "../../src/parts/steady.svelte.ts";
import type { Permission } from "../../src/api/types.ts";
import { toasts } from "../../src/shell/toasts.svelte.ts";
import { live } from "../../src/store/live.svelte.ts";
import { problem, serve } from "../server.ts";
import { ADA, permission } from "../store/events.ts";

beforeEach(() => {
  requested += 1;
  localStorage.clear();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  cleanup();
  toasts.shown = [];
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

let requested = 0;
/** The one permission of a test: what was decided stays known. */
const id = (): string => `r${requested}`;
const decision = (): string => `PUT /api/workspaces/w1/permissions/${id()}/decision`;
const button = (name: string): HTMLElement => screen.getByRole("button", { name });

async function show(changes: Partial<Permission>): Promise<void> {
  render(PermissionCard, { permission: permission(id(), changes) });
  await vi.advanceTimersByTimeAsync(SETTLES_MS);
}

/** Nothing is in sight until the returned function is called. */
function unseen(): () => void {
  const watches: (() => void)[] = [];
  vi.stubGlobal("IntersectionObserver", class {
    constructor(private readonly react: (seen: { isIntersecting: boolean }[]) => void) {}
    observe(): void {
      watches.push(() => this.react([{ isIntersecting: true }]));
    }
    disconnect(): void {}
  });
  return () => watches.forEach((watch) => watch());
}

describe("a permission card", () => {
  it("shows the whole input above the buttons, however long", async () => {
    const input = `echo ${"x".repeat(20_000)}\n&& rm -rf ~`;
    await show({ input });
    const shown = screen.getByLabelText("What would run");
    expect(shown.textContent).toBe(input);
    expect(shown.compareDocumentPosition(button("Allow once"))).toBe(Node.DOCUMENT_POSITION_FOLLOWING);
  });

  it("names what the input hides", async () => {
    await show({ input: "ls \u202Efr- mr" });
    expect(screen.getByLabelText("What would run").textContent).toBe("ls U+202Efr- mr");
  });

  it("offers to allow always only with the rule that this would write", async () => {
    await show({ rule: "git status" });
    expect(button("Always allow").getAttribute("aria-describedby")).toBe(`rule-${id()}`);
    expect(screen.getByText("git status", { selector: `#rule-${id()} bdi` })).toBeTruthy();
    cleanup();
    await show({ rule: null });
    expect(screen.queryByRole("button", { name: "Always allow" })).toBeNull();
  });

  it.each([
    ["Deny", { behavior: "deny", reason: "not now" }],
    ["Allow once", { behavior: "allow" }],
    ["Always allow", { behavior: "allow_always" }],
  ])("sends %s, with the reason only where it belongs", async (name, body) => {
    const requests = serve({ [decision()]: () => problem(503, { detail: "Try again." }) });
    await show({ rule: "git status" });
    await fireEvent.input(screen.getByLabelText("Reason for denying"), { target: { value: " not now " } });
    await fireEvent.click(button(name));
    await vi.waitFor(() => expect(toasts.shown[0]?.text).toBe("Your decision on Bash did not arrive. Try again."));
    expect(requests).toEqual([{ line: decision(), body }]);
  });

  it("shows the decision before the server has answered, and takes it back when it refuses", async () => {
    let answer: (value: unknown) => void = () => {};
    serve({ [decision()]: () => new Promise((resolve) => (answer = resolve)) });
    live.store("w1").log.permissions.put(permission(id()), 1);
    await show({});
    await fireEvent.click(button("Allow once"));
    expect(screen.getByText(/Allowed once/)).toBeTruthy();
    answer(problem(503, { detail: "Try again." }));
    await vi.waitFor(() => expect(button("Allow once")).toBeTruthy());
  });

  it("says that someone else was faster, and shows what they decided", async () => {
    const current = permission(id(), { status: "denied", behavior: "deny", decided_by: ADA, version: 2 });
    serve({ [decision()]: () => problem(409, { code: "already_decided", detail: "Ada decided.", current }) });
    await show({});
    await fireEvent.click(button("Allow once"));
    await vi.waitFor(() => expect(toasts.shown[0]?.text).toBe("Bash was denied by Ada before you."));
    expect(screen.getByText(/Denied/)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Allow once" })).toBeNull();
  });

  it("lets nobody allow what they have not seen to its end, but deny", async () => {
    const requests = serve({ [decision()]: () => permission(id(), { status: "denied", version: 2 }) });
    const scrollToTheEnd = unseen();
    await show({ input: "x\n".repeat(500), rule: "x" });
    const box = screen.getByLabelText("What would run");
    for (const name of ["Allow once", "Always allow"]) {
      expect(button(name).getAttribute("aria-disabled")).toBe("true");
      await fireEvent.click(button(name));
    }
    expect(requests).toEqual([]);
    expect(document.activeElement).toBe(box);
    scrollToTheEnd();
    await tick();
    expect(button("Allow once").getAttribute("aria-disabled")).toBe("false");
    await fireEvent.click(button("Deny"));
    await vi.waitFor(() => expect(requests).toHaveLength(1));
  });

  it("decides nothing when it was hit right after it moved", async () => {
    const requests = serve({ [decision()]: () => permission(id(), { status: "allowed", version: 2 }) });
    let top = 300;
    vi.spyOn(Element.prototype, "getBoundingClientRect").mockImplementation(() => ({ top }) as DOMRect);
    await show({});
    top = 200;
    await fireEvent.click(button("Allow once"));
    await fireEvent.click(button("Deny"));
    expect(requests).toEqual([]);
    await vi.advanceTimersByTimeAsync(SETTLES_MS);
    await fireEvent.click(button("Allow once"));
    expect(requests).toHaveLength(1);
  });

  it("reads a command out of its JSON, and shows the JSON where something could hide in it", async () => {
    await show({ input: '{"command": "cd /tmp\\nls \\u202e", "timeout": 5}' });
    expect(screen.getByLabelText("What would run").textContent).toBe("command cd /tmp\nls U+202Etimeout 5");
    cleanup();
    const twice = '{"command": "ls", "command": "rm -rf ~"}';
    await show({ input: twice });
    expect(screen.getByLabelText("What would run").textContent).toBe(twice);
  });

  it("shows the outcome instead of buttons once decided", async () => {
    await show({ status: "denied", behavior: "deny", reason: "Too wide", decided_by: ADA, version: 2 });
    expect(screen.queryAllByRole("button")).toEqual([]);
    expect(screen.getByText(/Denied/).textContent).toMatch(/Denied\s+by Ada\s+“Too wide”/);
  });
});

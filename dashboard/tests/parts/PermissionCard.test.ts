import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import PermissionCard from "../../src/parts/PermissionCard.svelte";
import type { Permission } from "../../src/api/types.ts";
import { problem, serve } from "../server.ts";
import { ADA, permission } from "../store/events.ts";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const DECISION = "PUT /api/workspaces/w1/permissions/r1/decision";
const show = (changes: Partial<Permission>): unknown => render(PermissionCard, { permission: permission("r1", changes) });
const button = (name: string): HTMLElement => screen.getByRole("button", { name });

describe("a permission card", () => {
  it("shows the whole input above the buttons, however long", () => {
    const input = `echo ${"x".repeat(20_000)}\n&& rm -rf ~`;
    show({ input });
    const shown = screen.getByLabelText("What would run");
    expect(shown.textContent).toBe(input);
    expect(shown.compareDocumentPosition(button("Allow once"))).toBe(Node.DOCUMENT_POSITION_FOLLOWING);
  });

  it("names what the input hides", () => {
    show({ input: "ls \u202Efr- mr" });
    expect(screen.getByLabelText("What would run").textContent).toBe("ls U+202Efr- mr");
  });

  it("offers to allow always only with the rule that this would write", () => {
    show({ rule: "git status" });
    expect(button("Always allow").getAttribute("aria-describedby")).toBe("rule-r1");
    expect(screen.getByText("git status", { selector: "#rule-r1 bdi" })).toBeTruthy();
    cleanup();
    show({ rule: null });
    expect(screen.queryByRole("button", { name: "Always allow" })).toBeNull();
  });

  it.each([
    ["Deny", { behavior: "deny", reason: "not now" }],
    ["Allow once", { behavior: "allow" }],
    ["Always allow", { behavior: "allow_always" }],
  ])("sends %s, with the reason only where it belongs", async (name, body) => {
    const requests = serve({ [DECISION]: () => problem(503, { detail: "Try again." }) });
    show({ rule: "git status" });
    await fireEvent.input(screen.getByLabelText("Reason for denying"), { target: { value: " not now " } });
    await fireEvent.click(button(name));
    expect((await screen.findByRole("alert")).textContent).toBe("Try again.");
    expect(requests).toEqual([{ line: DECISION, body }]);
  });

  it("says that someone else was faster, and shows what they decided", async () => {
    const current = permission("r2", { status: "denied", behavior: "deny", decided_by: ADA, version: 2 });
    serve({ [DECISION.replace("r1", "r2")]: () => problem(409, { code: "already_decided", detail: "Ada decided.", current }) });
    show({ id: "r2" });
    await fireEvent.click(button("Allow once"));
    expect((await screen.findByRole("alert")).textContent).toBe("Ada decided.");
    expect(screen.getByText(/Denied/)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Allow once" })).toBeNull();
  });

  it("shows the outcome instead of buttons once decided", () => {
    show({ status: "denied", behavior: "deny", reason: "Too wide", decided_by: ADA, version: 2 });
    expect(screen.queryAllByRole("button")).toEqual([]);
    expect(screen.getByText(/Denied/).textContent).toMatch(/Denied\s+by Ada\s+“Too wide”/);
  });
});

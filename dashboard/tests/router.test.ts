import { describe, expect, it } from "vitest";
import { paths, routeOf, type WorkspaceFilter } from "../src/addresses.ts";
import { STATUSES } from "../src/text/words.ts";

const at = (path: string): ReturnType<typeof routeOf> => routeOf(new URL(path, "https://handrail.example"));
const EVERYTHING: WorkspaceFilter = { view: "list", statuses: null, assignee: null, waiting: false, q: "" };

describe("addresses", () => {
  it("name the views", () => {
    expect(at("/")).toEqual({ view: "needs-me" });
    expect(at("/workspaces")).toEqual({ view: "workspaces" });
    expect(at("/settings#notifications")).toEqual({ view: "personal" });
    expect(at("/w/W1")).toEqual({ view: "workspace", workspaceId: "W1", filter: EVERYTHING });
    expect(at("/w/W1/t/T1")).toEqual({ view: "task", workspaceId: "W1", taskId: "T1" });
    expect(at("/w/W1/settings#connect")).toEqual({ view: "settings", workspaceId: "W1", section: "connect" });
  });

  it("carry what is shown of a workspace, and how", () => {
    const filter: WorkspaceFilter = { view: "board", statuses: ["ongoing", "blocked"], assignee: "human", waiting: true, q: "a&b, c" };
    expect(paths.workspace("W1", filter)).toBe("/w/W1?view=board&status=ongoing,blocked&assignee=human&waiting=1&q=a%26b,+c");
    expect(at(paths.workspace("W1", filter))).toEqual({ view: "workspace", workspaceId: "W1", filter });
    const all = { ...EVERYTHING, statuses: STATUSES };
    expect(paths.workspace("W1", all)).toBe("/w/W1?status=all");
    expect(at("/w/W1?status=all")).toEqual({ view: "workspace", workspaceId: "W1", filter: all });
  });

  it("ignore what they cannot mean", () => {
    const nonsense = "/w/W1?view=cube&status=gone,&assignee=nobody";
    expect(at(nonsense)).toEqual({ view: "workspace", workspaceId: "W1", filter: EVERYTHING });
    expect(paths.workspace("W1", { view: "list", statuses: null, assignee: null, waiting: false, q: "" })).toBe("/w/W1");
  });

  it("that name nothing are not found", () => {
    for (const path of ["/x", "/workspaces/x", "/w", "/w/W1/x", "/w/W1/t", "/w/W1/t/T1/x", "/w/W1/settings/x", "/w/%E0"]) {
      expect(at(path), path).toEqual({ view: "not-found" });
    }
  });

  it("round-trip through the paths that links use", () => {
    expect(at(paths.task("a/b", "c d"))).toEqual({ view: "task", workspaceId: "a/b", taskId: "c d" });
  });

  it("lead nowhere but this site after signing in", () => {
    for (const next of ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "https://"]) {
      expect(at(`/signin?next=${encodeURIComponent(next)}`), next).toEqual({ view: "signin", next: "/" });
    }
    expect(at(paths.signIn("/w/W1?status=all#x"))).toEqual({ view: "signin", next: "/w/W1?status=all#x" });
    expect(at("/signin?problem=denied&next=%2Finvitations")).toEqual({ view: "signin", next: "/invitations" });
    expect(at("/invitations#secret")).toEqual({ view: "invitation" });
  });
});

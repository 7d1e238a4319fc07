import { describe, expect, it } from "vitest";
import { paths, routeOf } from "../src/router.svelte.ts";

const at = (path: string): ReturnType<typeof routeOf> => routeOf(new URL(path, "https://handrail.example"));

describe("addresses", () => {
  it("name the views", () => {
    expect(at("/")).toEqual({ view: "needs-me" });
    expect(at("/w/W1?status=ongoing")).toEqual({ view: "workspace", workspaceId: "W1", status: "ongoing" });
    expect(at("/w/W1/t/T1")).toEqual({ view: "task", workspaceId: "W1", taskId: "T1" });
    expect(at("/w/W1/settings#connect")).toEqual({ view: "settings", workspaceId: "W1" });
  });

  it("that name nothing are not found", () => {
    for (const path of ["/x", "/w", "/w/W1/x", "/w/W1/t", "/w/W1/t/T1/x", "/w/W1/settings/x", "/w/%E0"]) {
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
  });
});

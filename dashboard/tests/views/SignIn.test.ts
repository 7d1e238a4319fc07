import { cleanup, render, screen } from "@testing-library/svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import { offer } from "../../src/offer.svelte.ts";
import { router } from "../../src/router.svelte.ts";
import SignIn from "../../src/views/SignIn.svelte";
import { serve } from "../server.ts";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  offer.providers = null;
});

function show(providers: string[], problem = "", names: Record<string, string> = { google: "Google" }): void {
  serve({ "GET /auth/config": () => ({ providers, names }) });
  router.go(`/signin?problem=${encodeURIComponent(problem)}`);
  render(SignIn, { next: "/w/w1?view=board" });
}

describe("the door", () => {
  it("leads to the provider with a plain link that says where to come back to", async () => {
    show(["google"]);
    const link = await screen.findByRole("link", { name: "Continue with Google" });
    expect(link.getAttribute("href")).toBe("/auth/google/login?next=%2Fw%2Fw1%3Fview%3Dboard");
    expect(screen.queryByRole("button")).toBeNull();
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("calls the provider what people call it, and offers this machine beside it", async () => {
    show(["google", "local"], "", { google: "Example Corp" });
    await screen.findByRole("link", { name: "Continue with Example Corp" });
    expect(screen.getByRole("button", { name: "Continue" })).toBeTruthy();
  });

  it.each([
    ["denied", /You did not let Example Corp say who you are/],
    ["not_allowed", /may not sign in here.*invite/],
    ["nobody_yet", /HANDRAIL_SIGN_IN_ALLOWED/],
    ["email_unverified", /has not verified your e-mail address/],
    ["stale", /begun in another browser/],
    ["unreachable", /cannot be reached/],
    ["refused", /did not confirm/],
    ["failed", /Something went wrong/],
    ["<img src=x>", /Something went wrong/],
    ["constructor", /Something went wrong/],
  ])("words %s plainly", async (code, words) => {
    show(["google"], code, { google: "Example Corp" });
    expect((await screen.findByRole("alert")).textContent).toMatch(words);
  });
});

import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { KEPT_AS, keepSecret } from "../../src/invitation-secret.ts";
import { router } from "../../src/router.svelte.ts";
import { session } from "../../src/session.svelte.ts";
import { live } from "../../src/store/live.svelte.ts";
import Invitation from "../../src/views/Invitation.svelte";
import { problem, serve } from "../server.ts";
import { ADA, workspace } from "../store/events.ts";

const keptSecret = (): string => sessionStorage.getItem(KEPT_AS) ?? "";
const PREVIEW = { workspace: { id: "shared", name: "Shop" }, role: "member", invited_by: ADA, expires_at: "2026-12-01T10:00:00Z" };

beforeEach(() => {
  session.person = { id: "p2", email: "bob@example.com", name: "Bob", picture: null };
  history.replaceState(null, "", "/invitations#the-secret");
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  sessionStorage.clear();
  live.workspaces.evict(() => true);
  history.replaceState(null, "", "/");
});

describe("the secret of an invitation", () => {
  it("leaves the address at once and is kept in this tab", () => {
    keepSecret();
    expect(window.location.href).not.toContain("the-secret");
    expect(keptSecret()).toBe("the-secret");
    keepSecret();
    expect(keptSecret()).toBe("the-secret");
  });

  it("is taken from no other page", () => {
    history.replaceState(null, "", "/w/w1/settings#members");
    keepSecret();
    expect(keptSecret()).toBe("");
    expect(window.location.hash).toBe("#members");
  });
});

describe("an invitation", () => {
  it("says what it is to, and joins when one wants to", async () => {
    const requests = serve({
      "POST /api/invitations/preview": () => PREVIEW,
      "POST /api/invitations/acceptance": () => workspace({ id: "shared", seq: 4 }),
    });
    render(Invitation);
    await screen.findByRole("heading", { name: "Join Shop?" });
    expect(screen.getByText(/invites you to this workspace/)).toBeTruthy();
    expect(requests.map(({ line }) => line)).toEqual(["POST /api/invitations/preview"]);
    await fireEvent.click(screen.getByRole("button", { name: "Join" }));
    await vi.waitFor(() => expect(router.url.pathname).toBe("/w/shared"));
    expect(requests.at(-1)).toEqual({ line: "POST /api/invitations/acceptance", body: { secret: "the-secret" } });
    expect(keptSecret()).toBe("");
    expect(live.workspaces.get("shared")?.name).toBe("Shop");
  });

  it("that is for somebody else says who is signed in, and nothing more", async () => {
    serve({ "POST /api/invitations/preview": () => problem(404, { detail: "no" }) });
    render(Invitation);
    await screen.findByRole("heading", { name: "This invitation is not for you" });
    expect(screen.getByText("bob@example.com")).toBeTruthy();
    expect(keptSecret()).toBe("the-secret");
  });

  it("without a secret is none", async () => {
    history.replaceState(null, "", "/invitations");
    serve({});
    render(Invitation);
    await screen.findByRole("heading", { name: "This invitation is not for you" });
  });

  it("can be looked at again when the server did not answer", async () => {
    let answers = 0;
    serve({ "POST /api/invitations/preview": () => ((answers += 1) === 1 ? problem(503, { detail: "Not now." }) : PREVIEW) });
    render(Invitation);
    expect((await screen.findByRole("alert")).textContent).toBe("Not now.");
    await fireEvent.click(screen.getByRole("button", { name: "Try again" }));
    await screen.findByRole("heading", { name: "Join Shop?" });
  });

  it("can be put off", async () => {
    serve({ "POST /api/invitations/preview": () => PREVIEW });
    render(Invitation);
    await fireEvent.click(await screen.findByRole("button", { name: "Not now" }));
    expect(router.url.pathname).toBe("/");
    expect(keptSecret()).toBe("");
  });
});

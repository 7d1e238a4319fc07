import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { live } from "../../src/store/live.svelte.ts";
import Settings from "../../src/views/Settings.svelte";
import { ADA } from "../store/events.ts";
import { Shop } from "./shop.ts";

const AT = "2026-11-20T10:00:00Z";
const SECRET = "hr_only_shown_once";
let shop: Shop;

beforeEach(() => {
  localStorage.clear();
  Element.prototype.scrollIntoView = () => {};
  vi.stubGlobal("IntersectionObserver", class {
    observe(): void {}
    disconnect(): void {}
  });
  shop = new Shop();
});
afterEach(() => {
  cleanup();
  live.forget(shop.id);
  vi.unstubAllGlobals();
});

function token(status: "active" | "revoked", version: number): object {
  return {
    ...{ id: "k1", workspace_id: shop.id, name: "laptop", last_four: "once", status, version },
    ...{ created_at: AT, created_by: ADA, expires_at: "2099-01-01T00:00:00Z", last_used_at: null, ended_at: null },
    ...{ connected: false, client: null },
  };
}

it("a secret is shown until its token ends, wherever that happened", async () => {
  const none = (): unknown => ({ items: [], next_cursor: null, seq: 1 });
  await shop.waits([], {
    [`GET ${shop.at("tokens")}`]: none,
    [`GET ${shop.at("permission_rules")}`]: none,
    [`GET ${shop.at("members")}`]: none,
    [`GET ${shop.at("invitations")}`]: none,
    [`POST ${shop.at("tokens")}`]: () => ({ token: { ...token("active", 1), secret: SECRET }, mcp_json: { key: SECRET }, command: `run ${SECRET}` }),
  });
  render(Settings, { workspaceId: shop.id });
  const name = (await screen.findAllByRole("textbox", { name: "Token name" }))[0]!;
  await fireEvent.input(name, { target: { value: "laptop" } });
  await fireEvent.click(screen.getAllByRole("button", { name: "Generate token" })[0]!);
  await vi.waitFor(() => expect(document.body.textContent).toContain(SECRET));
  await shop.happens("token.revoked", { token: token("revoked", 2) as never });
  await vi.waitFor(() => expect(document.body.textContent).not.toContain(SECRET));
});

import { cleanup, fireEvent, render, screen, within } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Invitation, Member } from "../../../src/api/types.ts";
import { router } from "../../../src/router.svelte.ts";
import { session } from "../../../src/session.svelte.ts";
import { toasts } from "../../../src/shell/toasts.svelte.ts";
import { live } from "../../../src/store/live.svelte.ts";
import Members from "../../../src/views/settings/Members.svelte";
import { problem, serve, type Request } from "../../server.ts";
import { ADA } from "../../store/events.ts";
import { Shop } from "../shop.ts";

const AT = "2026-11-20T10:00:00Z";
let shop: Shop;

beforeEach(() => {
  shop = new Shop();
  live.workspaces.put(shop.workspace(), 1);
  live.store(shop.id).log.advanceTo(1);
});

afterEach(() => {
  cleanup();
  toasts.shown = [];
  vi.unstubAllGlobals();
});

function member(person_id: string, name: string, changes: Partial<Member> = {}): Member {
  const base = { id: `m ${shop.id} ${person_id}`, workspace_id: shop.id, person_id, name, email: `${person_id}@example.com` };
  return { ...base, role: "member", joined_at: AT, invited_by: ADA, version: 1, ...changes };
}

function invitation(email: string): Invitation {
  const base = { id: `i ${shop.id} ${email}`, workspace_id: shop.id, email, role: "member" as const };
  return { ...base, created_at: AT, invited_by: ADA, expires_at: "2026-11-27T10:00:00Z", version: 1 };
}

const ADA_OWNS = (): Member => member("p1", "Ada", { role: "owner", invited_by: null });

/** As `who` sees it. */
async function show(
  who: string,
  members: Member[],
  invitations: Invitation[] = [],
  answers: Parameters<typeof serve>[0] = {},
): Promise<Request[]> {
  session.person = { id: who, email: "", name: "", picture: null };
  const requests = serve({
    [`GET ${shop.at("members")}`]: () => ({ items: members, next_cursor: null, seq: 1 }),
    [`GET ${shop.at("invitations")}`]: () => ({ items: invitations, next_cursor: null, seq: 1 }),
    ...answers,
  });
  render(Members, { store: live.store(shop.id), archived: false });
  await screen.findByRole("listitem", { name: members[0]!.name });
  return requests;
}

const row = (name: string): ReturnType<typeof within> => within(screen.getByRole("listitem", { name }));

describe("the members", () => {
  it("offer to an owner what owners may do", async () => {
    const requests = await show("p1", [ADA_OWNS(), member("p2", "Bob")], [invitation("eve@example.com")], {
      [`DELETE ${shop.at("members/p2")}`]: () => new Response(null, { status: 204 }),
    });
    expect(row("Ada").queryByRole("button")).toBeNull();
    expect(row("Ada").getByText(/make somebody else an owner first/)).toBeTruthy();
    expect(row("eve@example.com").getByRole("button", { name: "Revoke the invitation of eve@example.com" })).toBeTruthy();
    await fireEvent.click(row("Bob").getByRole("button", { name: "Remove" }));
    await fireEvent.click(row("Bob").getByRole("button", { name: "Remove now" }));
    await vi.waitFor(() => expect(screen.queryByRole("listitem", { name: "Bob" })).toBeNull());
    expect(requests.at(-1)?.line).toBe(`DELETE ${shop.at("members/p2")}`);
  });

  it("offer to a member to leave, and nothing else", async () => {
    await show("p2", [ADA_OWNS(), member("p2", "Bob")], [invitation("eve@example.com")], {
      [`DELETE ${shop.at("members/p2")}`]: () => new Response(null, { status: 204 }),
    });
    expect(screen.getAllByRole("button").map((button) => button.textContent?.trim())).toEqual(["Leave"]);
    expect(screen.queryByRole("textbox")).toBeNull();
    await fireEvent.click(screen.getByRole("button", { name: "Leave" }));
    await fireEvent.click(screen.getByRole("button", { name: "Leave now" }));
    await vi.waitFor(() => expect(router.url.pathname).toBe("/workspaces"));
    expect(live.workspaces.get(shop.id)).toBeUndefined();
  });

  it("change what somebody may do, and take it back when the server refuses", async () => {
    const bob = member("p2", "Bob");
    await show("p1", [ADA_OWNS(), bob], [], {
      [`PATCH ${shop.at("members/p2")}`]: () => problem(403, { detail: "Only an owner can." }),
    });
    await fireEvent.click(screen.getByRole("button", { name: "Make owner: Bob" }));
    await vi.waitFor(() => expect(toasts.shown[0]?.text).toMatch(/Bob stays what they were. Only an owner can./));
    expect(row("Bob").queryByText("Owner")).toBeNull();
  });

  it("are kept true by events", async () => {
    await show("p1", [ADA_OWNS()], [invitation("bob@example.com")]);
    const bob = member("p2", "Bob");
    await shop.happens("member.joined", { member: bob, invitation: invitation("bob@example.com") });
    expect(screen.queryByRole("heading", { name: "Invited" })).toBeNull();
    await shop.happens("member.updated", { member: { ...bob, role: "owner", version: 2 } });
    expect(row("Bob").getByText("Owner")).toBeTruthy();
    await shop.happens("member.invited", { invitation: invitation("eve@example.com") });
    expect(row("eve@example.com")).toBeTruthy();
    await shop.happens("invitation.expired", { invitation: invitation("eve@example.com") });
    await shop.happens("member.removed", { member: bob });
    expect(screen.getAllByRole("listitem")).toHaveLength(1);
    await shop.happens("member.joined", { member: { ...bob, id: "anew" }, invitation: invitation("x@example.com") });
    expect(row("Bob")).toBeTruthy();
  });
});

describe("inviting", () => {
  it("shows the link once, until it is of no use", async () => {
    const made = invitation("bob@example.com");
    const requests = await show("p1", [ADA_OWNS()], [], {
      [`POST ${shop.at("invitations")}`]: () => ({ invitation: made, link: "https://h.example/invitations#secret" }),
    });
    await fireEvent.input(screen.getByLabelText("E-mail address"), { target: { value: " bob@example.com" } });
    await fireEvent.click(screen.getByRole("button", { name: "Invite" }));
    const link = await screen.findByRole("group", { name: "Invitation link" });
    expect(link.textContent).toContain("https://h.example/invitations#secret");
    expect(requests.at(-1)?.body).toEqual({ email: "bob@example.com", role: "member" });
    expect(row("bob@example.com")).toBeTruthy();
    await shop.happens("invitation.revoked", { invitation: made });
    expect(screen.queryByRole("group", { name: "Invitation link" })).toBeNull();
  });

  it("says why not", async () => {
    await show("p1", [ADA_OWNS()], [], {
      [`POST ${shop.at("invitations")}`]: () => problem(409, { detail: "This e-mail address is invited already." }),
    });
    await fireEvent.input(screen.getByLabelText("E-mail address"), { target: { value: "bob@example.com" } });
    await fireEvent.click(screen.getByRole("button", { name: "Invite" }));
    expect((await screen.findByRole("alert")).textContent).toBe("This e-mail address is invited already.");
  });

  it("is over in an archived workspace", async () => {
    session.person = { id: "p1", email: "", name: "", picture: null };
    serve({
      [`GET ${shop.at("members")}`]: () => ({ items: [ADA_OWNS()], next_cursor: null, seq: 1 }),
      [`GET ${shop.at("invitations")}`]: () => ({ items: [], next_cursor: null, seq: 1 }),
    });
    render(Members, { store: live.store(shop.id), archived: true });
    await screen.findByRole("listitem", { name: "Ada" });
    expect(screen.queryByLabelText("E-mail address")).toBeNull();
  });
});

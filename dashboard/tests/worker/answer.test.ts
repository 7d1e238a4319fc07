import { describe, expect, it, vi } from "vitest";
import { decide, isAnswer } from "../../src/worker/answer.ts";
import { problem } from "../server.ts";
import { ADA, permission } from "../store/events.ts";

const DATA = { url: "/w/w1/t/t1", workspaceId: "w1", permissionId: "p1" };
const answering = (reply: () => Response | Promise<Response>) => vi.fn((_path: string, _init: RequestInit) => Promise.resolve(reply()));

describe("deciding from a notification", () => {
  it.each([
    ["allow", "allowed", { title: "Bash allowed once", body: "laptop goes on." }],
    ["deny", "denied", { title: "Bash denied", body: "laptop has been told." }],
  ] as const)("sends %s as the signed-in person and tells how it ended", async (answer, status, told) => {
    const send = answering(() => Response.json(permission("p1", { status, agent: { id: "a", name: "laptop" } })));
    expect(await decide(DATA, answer, send)).toEqual({ kind: "told", ...told });
    const [path, init] = send.mock.calls[0]!;
    expect(path).toBe("/api/workspaces/w1/permissions/p1/decision");
    expect(init).toMatchObject({ method: "PUT", credentials: "same-origin", body: JSON.stringify({ behavior: answer }) });
  });

  it.each([
    [ADA, `Bash was denied by ${ADA.name} before you.`],
    [{ kind: "system", id: "system", name: "Handrail" }, "Bash was denied by a rule before you."],
    [null, "Bash was denied by someone else before you."],
  ] as const)("says who was faster", async (decided_by, body) => {
    const current = permission("p1", { status: "denied", decided_by });
    const send = answering(() => problem(409, { code: "already_decided", current }));
    expect(await decide(DATA, "allow", send)).toEqual({ kind: "told", title: "Already denied", body });
  });

  it("leads to the door when nobody is signed in, and on from there", async () => {
    const send = answering(() => problem(401, {}));
    expect(await decide(DATA, "allow", send)).toEqual({ kind: "open", url: "/signin?next=%2Fw%2Fw1%2Ft%2Ft1" });
  });

  it.each([
    ["the server fails", () => problem(503, {})],
    ["it is gone", () => problem(404, {})],
    ["a conflict says nothing", () => problem(409, {})],
    ["the answer is not understood", () => new Response("<html>")],
    ["there is no network", () => Promise.reject(new TypeError("offline"))],
  ])("opens the page when %s", async (_, reply) => {
    expect(await decide(DATA, "allow", answering(reply))).toEqual({ kind: "open", url: "/w/w1/t/t1" });
  });

  it("sends nothing that is about no permission", async () => {
    const send = answering(() => Response.json({}));
    expect(await decide({ ...DATA, permissionId: null }, "allow", send)).toEqual({ kind: "open", url: DATA.url });
    expect(send).not.toHaveBeenCalled();
  });

  it("knows its two answers", () => {
    expect(["allow", "deny", "", "allow_always"].map(isAnswer)).toEqual([true, true, false, false]);
  });
});

import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Device, Push } from "../../src/api/types.ts";
import { renew } from "../../src/worker/renewal.ts";

const device = (id: string, current: boolean): Device => ({ id, name: "Chrome", created_at: "2026-11-21T00:00:00Z", current });
const FRESH = { endpoint: "https://push.test/new", keys: { p256dh: "p", auth: "a" } };
const subscribe = vi.fn((_key: string) => Promise.resolve({ toJSON: () => FRESH }));
const sent: string[] = [];

function server(known: Push | number) {
  return (path: string, init: RequestInit = {}): Promise<Response> => {
    sent.push(`${init.method ?? "GET"} ${path}${init.body ? ` ${String(init.body)}` : ""}`);
    if (init.method === "POST") return Promise.resolve(Response.json(device("new", true), { status: 201 }));
    if (init.method === "DELETE") return Promise.resolve(new Response(null, { status: 204 }));
    return Promise.resolve(typeof known === "number" ? Response.json({}, { status: known }) : Response.json(known));
  };
}

beforeEach(() => {
  sent.length = 0;
  subscribe.mockClear();
});

describe("a subscription that the browser gave up", () => {
  it("is replaced by a new one, and the old device goes", async () => {
    await renew(subscribe, server({ public_key: "key", devices: [device("other", false), device("old", true)] }), "Chrome on Mac");
    expect(subscribe).toHaveBeenCalledWith("key");
    expect(sent).toEqual([
      "GET /api/push",
      `POST /api/push/devices ${JSON.stringify({ ...FRESH, name: "Chrome on Mac" })}`,
      "DELETE /api/push/devices/old",
    ]);
  });

  it("leaves the device be that the server knows it as", async () => {
    await renew(subscribe, server({ public_key: "key", devices: [device("new", true)] }), "Chrome");
    expect(sent.filter((line) => line.startsWith("DELETE"))).toEqual([]);
  });

  it.each<[string, Push | number]>([
    ["nobody is signed in", 401],
    ["another person, who asked for nothing here, is", { public_key: "key", devices: [device("elsewhere", false)] }],
    ["the server sends none any more", { public_key: null, devices: [device("old", true)] }],
  ])("stays given up when %s", async (_, known) => {
    await renew(subscribe, server(known), "Chrome");
    expect(subscribe).not.toHaveBeenCalled();
    expect(sent).toEqual(["GET /api/push"]);
  });
});

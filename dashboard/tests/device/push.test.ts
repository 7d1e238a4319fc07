import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Device } from "../../src/api/types.ts";
import { Push } from "../../src/device/push.svelte.ts";
import { serve, type Request } from "../server.ts";

const KEY = "BEl6";
const OWNER = "handrail:push";
const THIS: Device = { id: "d1", name: "Browser", created_at: "2026-11-21T00:00:00Z", current: true };
const OTHER: Device = { ...THIS, id: "d2", current: false };

let subscription: ReturnType<typeof subscribed> | null;
let known: { public_key: string | null; devices: Device[] };
let permission: NotificationPermission;
let requests: Request[];
/** What goes on while the server registers the device. */
let registering: () => Promise<void>;

function subscribed(key = KEY) {
  const bytes = Uint8Array.from(atob(key), (character) => character.charCodeAt(0));
  return {
    options: { applicationServerKey: bytes.buffer },
    toJSON: () => ({ endpoint: "https://push.test/1", keys: { p256dh: "p", auth: "a" } }),
    unsubscribe: vi.fn(async () => ((subscription = null), true)),
  };
}

beforeEach(() => {
  localStorage.clear();
  subscription = null;
  known = { public_key: KEY, devices: [] };
  permission = "default";
  registering = async () => {};
  const pushManager = {
    getSubscription: () => Promise.resolve(subscription),
    subscribe: vi.fn(async () => (subscription = subscribed())),
  };
  const registration = { pushManager, getNotifications: () => Promise.resolve([]) };
  const serviceWorker = { getRegistration: () => Promise.resolve(registration), ready: Promise.resolve(registration) };
  vi.stubGlobal("navigator", { ...navigator, userAgent: "?", serviceWorker });
  vi.stubGlobal("PushManager", class {});
  vi.stubGlobal("Notification", {
    get permission() {
      return permission;
    },
    requestPermission: () => Promise.resolve(permission),
  });
  requests = serve({
    "GET /api/push": () => known,
    "POST /api/push/devices": async () => {
      await registering();
      known = { ...known, devices: [...known.devices, THIS] };
      return THIS;
    },
    "DELETE /api/push/devices/d1": () => {
      known = { ...known, devices: known.devices.filter(({ id }) => id !== "d1") };
      return new Response(null, { status: 204 });
    },
  });
});
afterEach(() => vi.unstubAllGlobals());

const lines = (): string[] => requests.map(({ line }) => line);

describe("turning notifications on", () => {
  it("registers this browser for this person", async () => {
    permission = "granted";
    const push = new Push();
    await push.turnOn("ada");
    expect(push.state).toBe("on");
    expect(requests[0]).toEqual({
      line: "POST /api/push/devices",
      body: { endpoint: "https://push.test/1", keys: { p256dh: "p", auth: "a" }, name: "Browser" },
    });
    expect(localStorage.getItem(OWNER)).toBe("ada");
  });

  it.each([
    ["denied", "blocked"],
    ["default", "off"],
  ] as const)("registers nothing when the answer is %s", async (answer, state) => {
    const push = new Push();
    await push.load();
    permission = answer;
    await push.turnOn("ada");
    expect(push.state).toBe(state);
    expect(lines()).toEqual(["GET /api/push"]);
  });

  it("is not taken for somebody else's by this page or another that starts meanwhile", async () => {
    permission = "granted";
    const push = new Push();
    registering = async () => {
      registering = async () => {};
      await push.check("ada");
      expect(lines()).toEqual(["POST /api/push/devices"]);
      await new Push().check("ada");
    };
    await push.turnOn("ada");
    expect([push.state, localStorage.getItem(OWNER)]).toEqual(["on", "ada"]);
  });

  it("leaves nothing behind when the server refuses", async () => {
    permission = "granted";
    registering = () => Promise.reject(new TypeError("no network"));
    const push = new Push();
    await expect(push.turnOn("ada")).rejects.toThrow();
    expect([subscription, localStorage.getItem(OWNER)]).toEqual([null, null]);
  });

  it("is taken back here and on the server", async () => {
    permission = "granted";
    const push = new Push();
    await push.turnOn("ada");
    await push.turnOff();
    expect([push.state, subscription, localStorage.getItem(OWNER), known.devices]).toEqual(["off", null, null, []]);
  });
});

describe("what is so", () => {
  it("is not on when only one of browser and server says so", async () => {
    const push = new Push();
    subscription = subscribed();
    await push.load();
    expect(push.state).toBe("off");
    subscription = null;
    known.devices = [THIS];
    await push.load();
    expect(push.state).toBe("off");
  });

  it("is not offered where server or browser cannot", async () => {
    const push = new Push();
    known.public_key = null;
    await push.load();
    expect(push.state).toBe("unavailable");
    known.public_key = KEY;
    vi.stubGlobal("PushManager", undefined);
    Reflect.deleteProperty(globalThis, "PushManager");
    await push.load();
    expect(push.state).toBe("unsupported");
  });
});

describe("at the start of a page", () => {
  const check = (): Promise<void> => new Push().check("ada");

  it("asks nothing where nothing was turned on", async () => {
    localStorage.setItem(OWNER, "ada");
    await check();
    expect(lines()).toEqual([]);
  });

  it("leaves what is well alone", async () => {
    const own = (subscription = subscribed());
    localStorage.setItem(OWNER, "ada");
    known.devices = [THIS];
    await check();
    expect(lines()).toEqual(["GET /api/push"]);
    expect(own.unsubscribe).not.toHaveBeenCalled();
  });

  it("registers anew what the server does not know any more", async () => {
    subscription = subscribed();
    localStorage.setItem(OWNER, "ada");
    known.devices = [OTHER];
    await check();
    expect(lines()).toEqual(["GET /api/push", "POST /api/push/devices"]);
  });

  it("subscribes anew when the server has another key", async () => {
    const old = (subscription = subscribed("AAAA"));
    localStorage.setItem(OWNER, "ada");
    await check();
    expect(old.unsubscribe).toHaveBeenCalled();
    expect(subscription).not.toBe(old);
    expect(lines()).toEqual(["GET /api/push", "POST /api/push/devices"]);
  });

  it("ends what another person turned on, and tells the server nothing of it", async () => {
    const theirs = (subscription = subscribed());
    localStorage.setItem(OWNER, "grace");
    await check();
    expect(theirs.unsubscribe).toHaveBeenCalled();
    expect(localStorage.getItem(OWNER)).toBeNull();
    expect(lines()).toEqual([]);
  });

  it("ends it when the server notifies nobody any more", async () => {
    subscription = subscribed();
    localStorage.setItem(OWNER, "ada");
    known.public_key = null;
    await check();
    expect(subscription).toBeNull();
  });
});

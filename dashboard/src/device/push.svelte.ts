/**
 * Web push on this device. It is on for one person, the one who turned it on here: whoever else signs in begins with
 * a browser that is told nothing. The server ends it with the session, the browser with `forget`.
 */
import { push as api } from "../api/calls.ts";
import type { Device, Push as Known } from "../api/types.ts";
import { deviceName } from "./name.ts";
import { hasWorkers, register, registration } from "./registration.ts";

export type PushState = "loading" | "unsupported" | "unavailable" | "blocked" | "off" | "on";

const OWNER = "handrail:push";

export class Push {
  state = $state<PushState>("loading");
  devices = $state.raw<Device[]>([]);
  #key: string | null = null;
  #isTurningOn = false;

  /** What is so now, here and on the server. */
  async load(): Promise<void> {
    await this.#take(await api.get());
  }

  /** Only on a click: the browser asks the person. */
  async turnOn(personId: string): Promise<void> {
    if ((await Notification.requestPermission()) !== "granted") return this.#settle(null);
    // First, or a page that starts meanwhile would take the subscription for somebody else's, and end it.
    localStorage.setItem(OWNER, personId);
    this.#isTurningOn = true;
    try {
      await add(await this.#subscribe());
    } catch (error) {
      await unsubscribe();
      throw error;
    } finally {
      this.#isTurningOn = false;
    }
    await this.load();
  }

  async turnOff(): Promise<void> {
    for (const device of this.devices.filter(({ current }) => current)) await api.removeDevice(device.id);
    await unsubscribe();
    await this.load();
  }

  async remove(device: Device): Promise<void> {
    if (device.current) return this.turnOff();
    await api.removeDevice(device.id);
    this.devices = this.devices.filter(({ id }) => id !== device.id);
  }

  /** At the start of a page: what was turned on here is on for the same person still, or gone. */
  async check(personId: string): Promise<void> {
    const subscription = await subscribed();
    if (!subscription || this.#isTurningOn) return;
    if (localStorage.getItem(OWNER) !== personId) return unsubscribe();
    const known = await api.get();
    this.#key = known.public_key;
    const outdated = keyOf(subscription) !== this.#key;
    if (outdated) await subscription.unsubscribe();
    if (!this.#key) return unsubscribe();
    if (outdated) await add(await this.#subscribe());
    else if (!known.devices.some(({ current }) => current)) await add(subscription);
  }

  async #take({ public_key, devices }: Known): Promise<void> {
    this.#key = public_key;
    this.devices = devices;
    this.#settle(await subscribed());
  }

  #settle(subscription: PushSubscription | null): void {
    const isOn = subscription !== null && this.devices.some(({ current }) => current);
    if (!this.#key) this.state = "unavailable";
    else if (!isSupported()) this.state = "unsupported";
    else if (Notification.permission === "denied") this.state = "blocked";
    else this.state = isOn ? "on" : "off";
  }

  async #subscribe(): Promise<PushSubscription> {
    const { pushManager } = (await registration()) ?? (await register());
    await navigator.serviceWorker.ready;
    return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: this.#key });
  }
}

export function isSupported(): boolean {
  return hasWorkers() && "PushManager" in window && "Notification" in window;
}

/** Nobody is told anything here any more. */
export async function unsubscribe(): Promise<void> {
  localStorage.removeItem(OWNER);
  await (await subscribed())?.unsubscribe();
}

export async function subscribed(): Promise<PushSubscription | null> {
  return isSupported() ? ((await (await registration())?.pushManager.getSubscription()) ?? null) : null;
}

async function add(subscription: PushSubscription): Promise<void> {
  const { endpoint, keys } = subscription.toJSON();
  if (!endpoint || !keys?.["p256dh"] || !keys["auth"]) throw new Error("This browser gave no address for notifications.");
  await api.addDevice({ endpoint, keys: { p256dh: keys["p256dh"], auth: keys["auth"] }, name: deviceName(navigator.userAgent) });
}

/** The server's key that a subscription was made for, as the server writes it. */
function keyOf({ options }: PushSubscription): string | null {
  if (!options.applicationServerKey) return null;
  const text = String.fromCharCode(...new Uint8Array(options.applicationServerKey));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export const push = new Push();

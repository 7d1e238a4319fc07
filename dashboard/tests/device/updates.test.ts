import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { builtFrom, Updates } from "../../src/device/updates.ts";
import { update } from "../../src/shell/update.svelte.ts";

class Registration extends EventTarget {
  waiting: { postMessage: ReturnType<typeof vi.fn> } | null = null;
  installing: (EventTarget & { state: string; postMessage: ReturnType<typeof vi.fn> }) | null = null;
  readonly update = vi.fn(() => Promise.resolve());

  install(): void {
    this.installing = Object.assign(new EventTarget(), { state: "installed", postMessage: vi.fn() });
    this.dispatchEvent(new Event("updatefound"));
    this.installing.dispatchEvent(new Event("statechange"));
  }

  watched(): Updates {
    return new Updates(this as unknown as ServiceWorkerRegistration);
  }
}

const worker = { postMessage: vi.fn() };
const container = Object.assign(new EventTarget(), { controller: null as object | null });
const reload = vi.fn();

beforeEach(() => {
  update.later();
  worker.postMessage.mockClear();
  reload.mockClear();
  container.controller = {};
  vi.useFakeTimers();
  vi.stubGlobal("navigator", { ...navigator, serviceWorker: container });
  vi.stubGlobal("location", { ...window.location, reload });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a new version", () => {
  it("is greeted by the page, which learns from it whether it is new", () => {
    const registration = new Registration();
    registration.watched();
    registration.install();
    expect(registration.installing?.postMessage).toHaveBeenCalledWith({ type: "hello", files: [] });
    expect(update.changeOver).toBeNull();
  });

  it("is greeted when it waited before the page was there", () => {
    const registration = new Registration();
    registration.waiting = worker;
    registration.watched();
    expect(worker.postMessage).toHaveBeenCalledWith({ type: "hello", files: [] });
  });

  it("is none when it is the first that this browser has", () => {
    container.controller = null;
    const registration = new Registration();
    registration.watched();
    registration.install();
    expect(registration.installing?.postMessage).not.toHaveBeenCalled();
  });

  it("is offered when a part of the page is not on the server any more", () => {
    new Registration().watched();
    window.dispatchEvent(new Event("vite:preloadError"));
    expect(update.changeOver).not.toBeNull();
  });

  it("takes over when the person says so, and only then is the page loaded again", () => {
    const registration = new Registration();
    const updates = registration.watched();
    updates.offer();
    registration.waiting = worker;
    update.changeOver?.();
    expect(worker.postMessage).toHaveBeenCalledWith({ type: "take-over" });
    expect(reload).not.toHaveBeenCalled();
    container.dispatchEvent(new Event("controllerchange"));
    expect(reload).toHaveBeenCalledOnce();
  });

  it("is not waited for long when the browser puts the change of workers off", () => {
    const registration = new Registration();
    registration.watched().offer();
    registration.waiting = worker;
    update.changeOver?.();
    vi.advanceTimersByTime(2_000);
    expect(reload).toHaveBeenCalledOnce();
  });

  it("needs no more than a reload where no worker waits", () => {
    new Registration().watched().offer();
    update.changeOver?.();
    expect(reload).toHaveBeenCalledOnce();
  });

  it("is asked for now and then, and not in a burst", async () => {
    const registration = new Registration();
    const updates = registration.watched();
    await updates.check();
    expect(registration.update).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(61 * 60_000);
    expect(registration.update).toHaveBeenCalledOnce();
    registration.update.mockRejectedValueOnce(new TypeError("offline"));
    await vi.advanceTimersByTimeAsync(60 * 60_000);
    expect(registration.update).toHaveBeenCalledTimes(2);
  });
});

it("a page is made of its scripts and styles", () => {
  const page = new DOMParser().parseFromString(
    `<script src="/theme.js"></script><script type="module" src="/assets/a.js"></script><script>inline()</script>
     <link rel="stylesheet" href="/assets/a.css"><link rel="modulepreload" href="/assets/b.js"><link rel="icon" href="/icon.svg">`,
    "text/html",
  );
  expect(builtFrom(page)).toEqual(["/theme.js", "/assets/a.js", "/assets/a.css", "/assets/b.js"]);
});

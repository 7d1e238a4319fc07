import { afterEach, expect, it, vi } from "vitest";
import { call } from "../../src/api/http.ts";

afterEach(() => vi.unstubAllGlobals());

it.each([
  [true, /Check that it is running/],
  [false, /this device is offline/],
])("a call that reaches nobody says what to do (online: %s)", async (onLine, words) => {
  vi.stubGlobal("navigator", { onLine });
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  await expect(call("GET", "/api/workspaces")).rejects.toThrow(words);
});

import { afterEach, expect, it, vi } from "vitest";
import { call } from "../../src/api/http.ts";
import { problem } from "../server.ts";

afterEach(() => vi.unstubAllGlobals());

it("what is wrong with a value is said once", async () => {
  const errors = [{ path: "filename", message: "must be a name without folders" }];
  const body = { code: "validation_failed", title: "Some values cannot be accepted", detail: "filename: must be a name without folders", errors };
  vi.stubGlobal("fetch", () => Promise.resolve(problem(422, body)));
  await expect(call("POST", "/api/x")).rejects.toMatchObject({ message: "filename: must be a name without folders", body: { errors } });
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "../../src/api/http.ts";
import { upload } from "../../src/api/upload.ts";
import { problem, serve } from "../server.ts";

const AT_STORAGE = "https://bucket.s3.eu-central-1.amazonaws.com/w1/a1?X-Amz-Signature=1";
const HEADERS = { "Content-Type": "application/octet-stream", "If-None-Match": "*" };
const ANNOUNCE = "POST /api/workspaces/w1/attachments";
const MADE = { id: "a1", filename: "a.txt", mime_type: "text/plain", size: 5 };

class Sent {
  static all: Sent[] = [];
  upload: { onprogress: (progress: { loaded: number; total: number }) => void } = { onprogress: () => {} };
  headers: Record<string, string> = {};
  line = "";
  body: Blob | null = null;
  status = 0;
  responseText = "";
  onload = (): void => {};
  onerror = (): void => {};
  onabort = (): void => {};

  open(method: string, url: string): void {
    this.line = `${method} ${url}`;
    Sent.all.push(this);
  }

  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value;
  }

  send(body: Blob): void {
    this.body = body;
  }

  abort(): void {
    this.onabort();
  }

  answer(status: number, text = ""): void {
    Object.assign(this, { status, responseText: text });
    this.onload();
  }
}

beforeEach(() => {
  Sent.all = [];
  vi.stubGlobal("XMLHttpRequest", Sent);
});
afterEach(() => vi.unstubAllGlobals());

const file = new File(["bytes"], "a.txt", { type: "text/plain;charset=utf-8" });

function sending(): { on: { progressed: (share: number) => void; signal: AbortSignal }; shares: number[]; stop: AbortController } {
  const stop = new AbortController();
  const shares: number[] = [];
  return { on: { progressed: (share) => void shares.push(share), signal: stop.signal }, shares, stop };
}

function announced(): ReturnType<typeof serve> {
  const address = { url: AT_STORAGE, method: "PUT", headers: HEADERS, expires_at: "2026-11-21T12:00:00Z" };
  return serve({ [ANNOUNCE]: () => Response.json({ ...MADE, upload: address }, { status: 201 }) });
}

async function first(): Promise<Sent> {
  await vi.waitFor(() => expect(Sent.all).toHaveLength(1));
  return Sent.all[0]!;
}

describe("sending a file", () => {
  it("announces it, sends its bytes to where it was told, and says how far it is", async () => {
    const requests = announced();
    const { on, shares } = sending();
    const done = upload("w1", file, on);
    const sent = await first();
    expect(requests[0]!.body).toEqual({ filename: "a.txt", mime_type: "text/plain", size: 5 });
    expect([sent.line, sent.headers, sent.body?.size]).toEqual([`PUT ${AT_STORAGE}`, HEADERS, 5]);
    sent.upload.onprogress({ loaded: 2, total: 5 });
    sent.answer(200);
    expect(await done).toEqual(MADE);
    expect(shares).toEqual([0.4]);
  });

  it("takes a file that is there already for sent", async () => {
    announced();
    const done = upload("w1", file, sending().on);
    (await first()).answer(412, "<Error><Code>PreconditionFailed</Code></Error>");
    expect(await done).toEqual(MADE);
  });

  it.each([
    [422, '{"detail":"has 4 bytes; 5 were announced"}', "has 4 bytes; 5 were announced"],
    [403, "<Error><Code>AccessDenied</Code></Error>", "The server answered 403."],
  ])("tells why the bytes were refused (%i)", async (status, text, words) => {
    announced();
    const done = upload("w1", file, sending().on);
    (await first()).answer(status, text);
    await expect(done).rejects.toThrow(words);
  });

  it("says what to do with what cannot be read, as a folder", async () => {
    vi.stubGlobal("FileReader", class {
      onerror = (): void => {};
      readAsArrayBuffer(): void {
        this.onerror();
      }
    });
    await expect(upload("w1", file, sending().on)).rejects.toThrow("If it is a folder");
  });

  it("sends nothing when the file is refused at once", async () => {
    serve({ [ANNOUNCE]: () => problem(413, { detail: "It is too large." }) });
    await expect(upload("w1", file, sending().on)).rejects.toBeInstanceOf(Problem);
    expect(Sent.all).toEqual([]);
  });

  it("can be stopped", async () => {
    announced();
    const { on, stop } = sending();
    const done = upload("w1", file, on);
    await first();
    stop.abort();
    await expect(done).rejects.toThrow("stopped");
  });
});

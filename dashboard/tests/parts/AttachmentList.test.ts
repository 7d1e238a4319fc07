import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Attachment } from "../../src/api/types.ts";
import AttachmentList from "../../src/parts/AttachmentList.svelte";
import { kindOf } from "../../src/parts/file-kinds.ts";
import { dialogsOpen } from "../dialogs.ts";
import { problem } from "../server.ts";

const FILE = "/api/workspaces/w1/attachments/f1";
const made: Blob[] = [];
let gone: string[] = [];

beforeEach(() => {
  dialogsOpen();
  made.length = 0;
  gone = [];
  URL.createObjectURL = (blob) => `blob:http://localhost/${made.push(blob as Blob)}`;
  URL.revokeObjectURL = (url) => void gone.push(url);
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function file(mime_type: string, filename = "file", size = 10): Attachment {
  return { id: "f1", filename, mime_type, size };
}

function holds(content: string | Response): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: string) => {
    asked.push(url);
    return Promise.resolve(typeof content === "string" ? new Response(content) : content);
  });
  return asked;
}

const show = (...attachments: Attachment[]): unknown => render(AttachmentList, { workspaceId: "w1", attachments });

describe("the kind of a file", () => {
  it.each([
    ["image/png", "a", "picture"],
    ["IMAGE/JPEG; q=1", "a", "picture"],
    ["image/avif", "a.svg", "picture"],
    ["image/svg+xml", "a.png", "other"],
    ["text/html", "a.txt", "other"],
    ["application/pdf", "a", "other"],
    ["application/xhtml+xml", "a.md", "other"],
    ["text/csv; charset=utf-8", "a", "text"],
    ["application/json", "a.html", "text"],
    ["application/octet-stream", "notes.MD", "text"],
    ["application/octet-stream", "notes.html", "other"],
    ["", "a.txt", "other"],
  ])("of %s called %s is %s", (mime_type, filename, kind) => {
    expect(kindOf(file(mime_type, filename)).kind).toBe(kind);
  });
});

describe("attachments", () => {
  it("are all there to download, by a name that hides nothing", () => {
    show(file("image/svg+xml", "invoice\u202Efdp.exe"));
    const link = screen.getByRole("link");
    expect(link.textContent).toBe("invoiceU+202Efdp.exe");
    expect([link.getAttribute("href"), link.hasAttribute("download")]).toEqual([FILE, true]);
    expect(screen.queryAllByRole("button")).toEqual([]);
  });

  it("that are pictures are shown, decoded as what they say they are and nothing else", async () => {
    holds("<svg onload=alert(1)>");
    show(file("image/PNG;x=<svg>", "plan.png"));
    const button = screen.getByRole("button", { name: "Enlarge plan.png" });
    await vi.waitFor(() => expect(button.querySelector("img")?.getAttribute("src")).toBe("blob:http://localhost/1"));
    expect(made[0]!.type).toBe("image/png");
    await fireEvent.error(button.querySelector("img")!);
    expect(screen.queryByRole("button", { name: "Enlarge plan.png" })).toBeNull();
    expect(screen.getByRole("link", { name: "plan.png" })).toBeTruthy();
  });

  it("that are pictures open large, and are let go of when nobody looks", async () => {
    holds("png");
    show(file("image/png", "plan.png"));
    await fireEvent.click(screen.getByRole("button", { name: "Enlarge plan.png" }));
    const dialog = await screen.findByRole("dialog", { name: "plan.png" });
    await vi.waitFor(() => expect(dialog.querySelector("img")?.alt).toBe("plan.png"));
    await fireEvent.click(screen.getByRole("button", { name: "Close" }));
    expect(screen.queryByRole("dialog")).toBeNull();
    cleanup();
    expect(gone.sort()).toEqual(["blob:http://localhost/1", "blob:http://localhost/2"]);
  });

  it("that are large are fetched only when they are wanted", async () => {
    const asked = holds("png");
    show(file("image/png", "photo.png", 9 * 1024 ** 2));
    expect(asked).toEqual([]);
    await fireEvent.click(screen.getByRole("button", { name: "Preview photo.png" }));
    await vi.waitFor(() => expect(asked).toEqual([FILE]));
  });

  it("that are text are shown as text, hostile or not", async () => {
    holds("<script>alert(1)</script>\u202E\n<b>x</b>");
    show(file("text/csv", "totals.csv"));
    await fireEvent.click(screen.getByRole("button", { name: "Preview totals.csv" }));
    const dialog = await screen.findByRole("dialog", { name: "totals.csv" });
    await vi.waitFor(() => expect(dialog.querySelector("pre")?.textContent).toBe("<script>alert(1)</script>[U+202E]\n<b>x</b>"));
    expect(dialog.querySelector("pre")!.children).toHaveLength(0);
  });

  it("that are long are read no further than their beginning, to a whole character", async () => {
    holds(`${"x".repeat(100 * 1024 - 1)}é${"y".repeat(50_000)}`);
    show(file("text/plain", "log.txt", 300_000));
    await fireEvent.click(screen.getByRole("button", { name: "Preview log.txt" }));
    const dialog = await screen.findByRole("dialog");
    await vi.waitFor(() => expect(dialog.textContent).toContain("This is its beginning."));
    expect(dialog.querySelector("pre")!.textContent).toBe("x".repeat(100 * 1024 - 1));
  });

  it("that cannot be had say why", async () => {
    holds(problem(404, { detail: "There is no such attachment." }));
    show(file("text/plain", "gone.txt"));
    await fireEvent.click(screen.getByRole("button", { name: "Preview gone.txt" }));
    expect((await screen.findByRole("alert")).textContent).toBe("There is no such attachment.");
  });
});

import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import AttachmentPicker from "../../src/parts/AttachmentPicker.svelte";
import { Problem } from "../../src/api/http.ts";
import { upload, type Sending } from "../../src/api/upload.ts";
import type { Attachment } from "../../src/api/types.ts";

vi.mock("../../src/api/upload.ts", () => ({ upload: vi.fn() }));

interface Under {
  file: File;
  on: Sending;
  done: (id: string) => void;
  failed: (error: unknown) => void;
}

let started: Under[] = [];

beforeEach(() => {
  started = [];
  vi.mocked(upload).mockImplementation((_, file, on) =>
    new Promise<Attachment>((resolve, reject) => {
      const done = (id: string): void => resolve({ id, filename: file.name, mime_type: file.type, size: file.size });
      on.signal.addEventListener("abort", () => reject(new Error("stopped")));
      started.push({ file, on, done, failed: reject });
    }),
  );
});
afterEach(cleanup);

function picker(): { pick: (...files: File[]) => Promise<unknown>; attached: () => string[] } {
  let attachments: Attachment[] = [];
  const { rerender } = render(AttachmentPicker, { workspaceId: "w1", attachments, onchange });
  function onchange(changed: Attachment[]): void {
    attachments = changed;
    void rerender({ attachments });
  }
  return {
    pick: (...files) => fireEvent.change(screen.getByLabelText("Files"), { target: { files } }),
    attached: () => attachments.map(({ filename }) => filename),
  };
}

const file = (name: string, size = 1): File => new File(["x".repeat(size)], name, { type: "text/plain" });

describe("the picker of attachments", () => {
  it("sends one file after the other and shows how far each is", async () => {
    const { pick, attached } = picker();
    await pick(file("a.txt"), file("b.txt"));
    expect(started.map((one) => one.file.name)).toEqual(["a.txt"]);
    started[0]!.on.progressed(0.5);
    await vi.waitFor(() =>
      expect(screen.getByRole<HTMLProgressElement>("progressbar", { name: "Uploading a.txt" }).value).toBe(0.5),
    );
    started[0]!.done("1");
    await vi.waitFor(() => expect(started).toHaveLength(2));
    started[1]!.done("2");
    await vi.waitFor(() => expect(attached()).toEqual(["a.txt", "b.txt"]));
    expect(screen.queryByRole("progressbar")).toBeNull();
  });

  it("does not begin with what is too large, and says what to do", async () => {
    const { pick } = picker();
    const large = file("film.mov");
    Object.defineProperty(large, "size", { value: 11 * 1024 ** 2 });
    await pick(large);
    expect(started).toEqual([]);
    expect(screen.getByRole("alert").textContent).toContain("film.mov has 11.0 MB; a file may have 10 MB.");
  });

  it("takes no more files than a message may have", async () => {
    const { pick } = picker();
    await pick(...Array.from({ length: 11 }, (_, number) => file(`${number}.txt`)));
    expect(screen.getByRole("alert").textContent).toContain("10.txt: 10 files at once is the most.");
    expect(screen.getAllByRole("progressbar")).toHaveLength(10);
  });

  it("goes on with the others when one is refused or stopped", async () => {
    const { pick, attached } = picker();
    await pick(file("a.txt"), file("b.txt"), file("c.txt"));
    started[0]!.failed(new Problem(413, { detail: "It is too large." }));
    await vi.waitFor(() => expect(started).toHaveLength(2));
    expect(screen.getByRole("alert").textContent).toBe("a.txt was not uploaded. It is too large.");
    await fireEvent.click(screen.getByRole("button", { name: "Stop uploading b.txt" }));
    await vi.waitFor(() => expect(started).toHaveLength(3));
    started[2]!.done("3");
    await vi.waitFor(() => expect(attached()).toEqual(["c.txt"]));
    expect(screen.getByRole("alert").textContent).not.toContain("b.txt");
  });
});

/**
 * Sends a file: announces it, then puts its bytes where the answer says, which may be the server itself or object
 * storage. Tells how much of it has gone, which `fetch` cannot; refusals are as those of `call`.
 */
import { attachments } from "./calls.ts";
import { announceSignedOut, Problem, unreachable, type ProblemBody } from "./http.ts";
import type { Attachment, UploadAddress } from "./types.ts";

export interface Sending {
  /** The share of the file that has gone, from 0 to 1. */
  progressed: (share: number) => void;
  signal: AbortSignal;
}

/** It is there already: an answer was lost, and the file was sent again. */
const ALREADY_THERE = 412;

export async function upload(workspaceId: string, file: File, on: Sending): Promise<Attachment> {
  await checkReadable(file);
  const announced = { filename: file.name, mime_type: mimeType(file), size: file.size };
  const { upload: address, ...attachment } = await attachments.announce(workspaceId, announced, on.signal);
  await send(file, address, on);
  return attachment;
}

function send(file: File, { method, url, headers }: UploadAddress, on: Sending): Promise<void> {
  on.signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => on.progressed(total ? loaded / total : 1);
    request.onload = () => {
      const { status } = request;
      if ((status >= 200 && status < 300) || status === ALREADY_THERE) resolve();
      else reject(refusal(request));
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    on.signal.addEventListener("abort", () => request.abort());
    // Bytes without a type of their own: the headers say what they are sent as.
    request.send(file.slice(0, file.size, headers["Content-Type"]));
  });
}

function checkReadable(file: File): Promise<void> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve();
    reader.onerror = () => reject(new Error("It cannot be read. If it is a folder, put it into an archive first."));
    reader.readAsArrayBuffer(file.slice(0, 1));
  });
}

function refusal(request: XMLHttpRequest): Problem {
  if (request.status === 401) announceSignedOut();
  return new Problem(request.status, body(request.responseText) ?? { title: `The server answered ${request.status}.` });
}

/** Object storage answers with XML, which says nothing to a person. */
function body(text: string): ProblemBody | null {
  try {
    return JSON.parse(text) as ProblemBody;
  } catch {
    return null;
  }
}

/** Without parameters, which browsers add to some. */
function mimeType({ type }: File): string {
  return type.split(";")[0]?.trim() || "application/octet-stream";
}

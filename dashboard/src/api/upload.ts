/** Sends a file and tells how much of it has gone, which `fetch` cannot; refusals are as those of `call`. */
import { base64 } from "../text/base64.ts";
import { announceSignedOut, Problem, unreachable, type ProblemBody } from "./http.ts";
import type { Attachment } from "./types.ts";

export interface Sending {
  /** The share of the file that has gone, from 0 to 1. */
  progressed: (share: number) => void;
  signal: AbortSignal;
}

export async function upload(workspaceId: string, file: File, on: Sending): Promise<Attachment> {
  const body = { filename: file.name, mime_type: mimeType(file), data: await base64(file) };
  on.signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/workspaces/${encodeURIComponent(workspaceId)}/attachments`);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", "application/json");
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => on.progressed(loaded / total);
    request.onload = () => {
      if (request.status === 201) resolve(request.response as Attachment);
      else reject(refusal(request));
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    on.signal.addEventListener("abort", () => request.abort());
    request.send(JSON.stringify(body));
  });
}

function refusal(request: XMLHttpRequest): Problem {
  if (request.status === 401) announceSignedOut();
  const body = request.response as ProblemBody | null;
  return new Problem(request.status, body ?? { title: `The server answered ${request.status}.` });
}

/** Without parameters, which browsers add to some. */
function mimeType({ type }: File): string {
  return type.split(";")[0]?.trim() || "application/octet-stream";
}

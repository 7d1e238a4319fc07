/** The bytes of a file: all of them, or its beginning. Refusals are as those of `call`. */
import { attachments } from "./calls.ts";
import { refusal, unreachable } from "./http.ts";

export interface Downloaded {
  bytes: Uint8Array<ArrayBuffer>;
  /** Nothing follows. */
  whole: boolean;
}

export async function download(workspaceId: string, id: string, signal: AbortSignal, most = Infinity): Promise<Downloaded> {
  const path = attachments.href(workspaceId, id);
  const response = await fetch(path, { credentials: "same-origin", signal }).catch((error: unknown) => {
    throw signal.aborted ? error : unreachable();
  });
  if (!response.ok) throw await refusal(response, path);
  return response.body ? read(response.body.getReader(), most) : { bytes: new Uint8Array(), whole: true };
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array>, most: number): Promise<Downloaded> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { bytes: joined(pieces, size), whole: true };
    pieces.push(value);
    size += value.length;
    if (size > most) break;
  }
  await reader.cancel();
  return { bytes: joined(pieces, size).slice(0, most), whole: false };
}

function joined(pieces: Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let end = 0;
  for (const piece of pieces) {
    bytes.set(piece, end);
    end += piece.length;
  }
  return bytes;
}

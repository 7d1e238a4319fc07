/** Server-sent events from the bytes of a response, as the HTML standard splits them. */

export interface Frame {
  event: string;
  data: string;
}

export class FrameParser {
  #rest = "";

  /** The frames that this piece of text completes. */
  push(piece: string): Frame[] {
    // A CR at the very end may be half of a CRLF: it waits for the next piece.
    const text = this.#rest + piece;
    const held = text.endsWith("\r") ? 1 : 0;
    const lines = text.slice(0, text.length - held).replace(/\r\n?/g, "\n");
    const blocks = lines.split("\n\n");
    this.#rest = (blocks.pop() ?? "") + text.slice(text.length - held);
    return blocks.flatMap(frameOf);
  }
}

function frameOf(block: string): Frame[] {
  const frame: Frame = { event: "message", data: "" };
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") frame.event = value;
    if (field === "data") data.push(value);
  }
  if (data.length === 0) return [];
  frame.data = data.join("\n");
  return [frame];
}

import { describe, expect, it } from "vitest";
import { FrameParser } from "../../src/api/sse.ts";

const STREAM = ': open\r\n\r\nid: 7\r\nevent: task.created\r\ndata: {"a":\r\ndata: 1}\r\n\r\nretry: 2000\n\ndata:x\n\n';
const FRAMES = [
  { event: "task.created", data: '{"a":\n1}' },
  { event: "message", data: "x" },
];

describe("the frame parser", () => {
  it("reads frames and passes over comments and settings", () => {
    expect(new FrameParser().push(STREAM)).toEqual(FRAMES);
  });

  it("reads the same wherever the stream is cut", () => {
    for (let cut = 0; cut <= STREAM.length; cut += 1) {
      const parser = new FrameParser();
      const frames = [...parser.push(STREAM.slice(0, cut)), ...parser.push(STREAM.slice(cut))];
      expect(frames, `cut at ${cut}`).toEqual(FRAMES);
    }
  });

  it("keeps an unfinished frame back", () => {
    expect(new FrameParser().push("data: half")).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { fieldsOf } from "../../src/text/tool-input.ts";

describe("the fields of a tool's input", () => {
  it("are its values as they will be used", () => {
    expect(fieldsOf('{"command": "printf \\"a\\\\n\\"", "timeout": 5, "env": {"A": "b"}, "dry": false}')).toEqual([
      { name: "command", value: 'printf "a\\n"' },
      { name: "timeout", value: "5" },
      { name: "env", value: '{\n  "A": "b"\n}' },
      { name: "dry", value: "false" },
    ]);
  });

  it.each([
    ["what is no JSON", "rm -rf ~"],
    ["what was cut short", '{"command": "rm -r'],
    ["what is no object", '["rm", "-rf"]'],
    ["nothing", "{}"],
    ["a name that comes twice", '{"a": "ls", "a": "rm"}'],
    ["a name that comes twice further in", '{"a": {"b": 1, "b": 2}}'],
    ["a name that comes twice in other letters", '{"a": 1, "\\u0061": 2}'],
    ["a number that would be rounded", '{"n": 12345678901234567890}'],
    ["a number that would be written otherwise", '{"n": 1e3}'],
  ])("are not taken from %s", (_, input) => {
    expect(fieldsOf(input)).toBeNull();
  });
});

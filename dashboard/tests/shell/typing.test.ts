import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PAUSE_MS, Typing } from "../../src/shell/typing.ts";

let typing: Typing;
let field: HTMLInputElement;

beforeEach(() => {
  typing = new Typing();
  field = document.body.appendChild(document.createElement("input"));
});
afterEach(() => field.remove());

function isText(target: HTMLElement, at: number, key = "y", more: KeyboardEventInit = {}): boolean {
  const event = new KeyboardEvent("keydown", { key, ...more });
  Object.defineProperties(event, { target: { value: target }, timeStamp: { value: at } });
  return typing.isText(event);
}

const { body } = document;

describe("letters", () => {
  it("are words as long as somebody writes on, though the field is gone", () => {
    isText(field, 0);
    field.remove();
    expect(isText(body, PAUSE_MS - 1)).toBe(true);
    expect(isText(body, 2 * PAUSE_MS - 2)).toBe(true);
    expect(isText(body, 3 * PAUSE_MS)).toBe(false);
    expect(isText(body, 3 * PAUSE_MS + 1)).toBe(false);
  });

  it("are keys when the person left the field, which is still there", () => {
    isText(field, 0);
    expect(isText(body, 1)).toBe(false);
  });

  it.each(["Enter", "Escape", "Tab"])("are keys after %s, which ends the writing", (key) => {
    isText(field, 0);
    isText(field, 1, key);
    field.remove();
    expect(isText(body, 2)).toBe(false);
  });

  it("with the command key are commands all the same", () => {
    isText(field, 0);
    field.remove();
    expect(isText(body, 1, "k", { ctrlKey: true })).toBe(false);
  });
});

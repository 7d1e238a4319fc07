import { beforeEach, describe, expect, it } from "vitest";
import { Selection } from "../../../src/views/workspace/selection.svelte.ts";

const ORDER = [..."abcdef"];
let selection: Selection;
const chosen = (): string => ORDER.filter((id) => selection.has(id)).join("");

beforeEach(() => (selection = new Selection()));

describe("the selection", () => {
  it("takes one in and out again", () => {
    selection.toggle("b");
    selection.toggle("d");
    selection.toggle("b");
    expect([chosen(), selection.size]).toEqual(["d", 1]);
  });

  it("extends from the one chosen last, in either direction", () => {
    selection.toggle("c");
    selection.extendTo("e", ORDER);
    expect(chosen()).toBe("cde");
    selection.extendTo("b", ORDER);
    expect(chosen()).toBe("bcde");
  });

  it("begins a range where nothing was chosen, or what was chosen last is gone, with the one itself", () => {
    selection.extendTo("d", ORDER);
    expect(chosen()).toBe("d");
    selection.clear();
    selection.toggle("gone");
    selection.extendTo("d", ORDER);
    expect(chosen()).toBe("d");
  });

  it("follows the keyboard", () => {
    selection.extend("b", "c", ORDER);
    selection.extend("c", "d", ORDER);
    expect(chosen()).toBe("bcd");
  });

  it("lets go of what is not shown any more", () => {
    selection.choose(ORDER);
    selection.keepOnly(["a", "f", "z"]);
    expect(chosen()).toBe("af");
    selection.clear();
    expect(selection.size).toBe(0);
  });
});

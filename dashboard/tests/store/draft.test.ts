import { beforeEach, describe, expect, it } from "vitest";
import { Draft, draftOf, forgetDrafts, unsaved } from "../../src/store/draft.svelte.ts";

beforeEach(() => localStorage.clear());

describe("a draft", () => {
  it("is there again after a reload, each by its name", () => {
    const first = new Draft("w1/t1");
    first.text = "half a thought";
    first.save();
    expect(new Draft("w1/t1").text).toBe("half a thought");
    expect(new Draft("w1/t2").text).toBe("");
  });

  it("leaves nothing behind when it is cleared, and goes when the person signs out", () => {
    const draft = draftOf("w1/t1");
    draft.text = "one";
    draft.save();
    draft.clear();
    expect(localStorage.length).toBe(0);
    unsaved.set("edit/w1/t1", { title: "two" });
    localStorage.setItem("handrail:theme", "dark");
    forgetDrafts();
    expect(Object.keys(localStorage)).toEqual(["handrail:theme"]);
  });

  it("shows what another tab wrote", () => {
    const draft = draftOf("w1/t3");
    localStorage.setItem("handrail:draft:w1/t3", JSON.stringify({ text: "from there", attachments: [] }));
    window.dispatchEvent(new StorageEvent("storage", { key: "handrail:draft:w1/t3" }));
    expect(draft.text).toBe("from there");
  });

  it("survives what is no draft", () => {
    localStorage.setItem("handrail:draft:w1/t4", "{half");
    expect(new Draft("w1/t4").text).toBe("");
  });

  it("puts what comes back before what was begun since", () => {
    const draft = draftOf("w1/t5");
    draft.text = "and more";
    draft.prepend("what was not sent", []);
    expect(draft.text).toBe("what was not sent\n\nand more");
  });
});

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Shared } from "../../src/store/shared.ts";
import { Draft, draftOf, forgetDrafts, ownDrafts, unsaved } from "../../src/store/draft.svelte.ts";

beforeEach(() => {
  localStorage.clear();
  ownDrafts("p1");
});

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
    localStorage.setItem("handrail:draft:p1/w1/t3", JSON.stringify({ text: "from there", attachments: [] }));
    window.dispatchEvent(new StorageEvent("storage", { key: "handrail:draft:p1/w1/t3" }));
    expect(draft.text).toBe("from there");
  });

  it("survives what is no draft", () => {
    localStorage.setItem("handrail:draft:p1/w1/t4", "{half");
    expect(new Draft("w1/t4").text).toBe("");
  });

  it("puts what comes back before what was begun since", () => {
    const draft = draftOf("w1/t5");
    draft.text = "and more";
    draft.prepend("what was not sent", []);
    expect(draft.text).toBe("what was not sent\n\nand more");
  });

  it("is its person's: kept for when they are back, never shown to another, and gone once another was here", () => {
    draftOf("w1/t6").prepend("what Ada thinks", []);
    ownDrafts("p1");
    expect(new Draft("w1/t6").text).toBe("what Ada thinks");
    ownDrafts("p2");
    expect(new Draft("w1/t6").text).toBe("");
    expect(unsaved.under("")).toEqual([]);
    expect(localStorage.length).toBe(0);
    ownDrafts("p1");
    expect(new Draft("w1/t6").text).toBe("");
  });
});

describe("what is shared by name", () => {
  it("is one for all who hold it, and none when nobody does", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const shared = new Shared((name) => ({ name }));
    const held = shared.of("held");
    for (let number = 0; number < 100; number += 1) shared.of(`left ${number}`);
    await vi.waitFor(() => {
      collect();
      expect(shared.size).toBe(1);
    });
    expect(shared.of("held")).toBe(held);
  });
});

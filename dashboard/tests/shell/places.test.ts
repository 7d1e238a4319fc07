import { afterEach, describe, expect, it } from "vitest";
import { offer } from "../../src/offer.svelte.ts";
import { places } from "../../src/shell/places.ts";
import { workspace } from "../store/events.ts";

afterEach(() => {
  offer.providers = null;
});

describe("the places of a workspace", () => {
  const titles = (): string[] => places([workspace()]).map(({ title }) => title);

  it("are the workspace, its board, and its settings by section", () => {
    expect(titles()).toEqual([
      "Shop",
      "Shop: board",
      "Shop: settings",
      "Shop: general",
      "Shop: connect",
      "Shop: tokens",
      "Shop: permission rules",
      "Shop: archive and delete",
    ]);
  });

  it("are its members too, where somebody else can sign in", () => {
    offer.providers = ["local"];
    expect(titles()).not.toContain("Shop: members");
    offer.providers = ["local", "google"];
    expect(titles()).toContain("Shop: members");
  });
});

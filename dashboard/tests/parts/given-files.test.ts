import { expect, it } from "vitest";
import { keepPage } from "../../src/parts/given-files.ts";

function dropped(types: string[]): DragEvent {
  const event = new Event("drop", { cancelable: true });
  return Object.assign(event, { dataTransfer: { types, dropEffect: "copy" } }) as unknown as DragEvent;
}

it("keeps the page when files are dropped where no one takes them", () => {
  const event = dropped(["Files"]);
  keepPage(event);
  expect(event.defaultPrevented).toBe(true);
});

it("leaves it to the browser to drop a text", () => {
  const event = dropped(["text/plain"]);
  keepPage(event);
  expect(event.defaultPrevented).toBe(false);
});

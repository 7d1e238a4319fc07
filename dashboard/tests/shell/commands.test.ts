import { afterEach, describe, expect, it, vi } from "vitest";
import { commands, type Command } from "../../src/shell/commands.svelte.ts";

const takenBack: (() => void)[] = [];
afterEach(() => takenBack.splice(0).forEach((take) => take()));

function offered(changes: Partial<Command>): ReturnType<typeof vi.fn> {
  const run = vi.fn();
  const command = { id: changes.keys ?? "one", title: "One", group: "Test", run, ...changes };
  takenBack.push(commands.offer(() => [command]));
  return run;
}

function press(key: string, more: KeyboardEventInit = {}): void {
  commands.pressed(new KeyboardEvent("keydown", { key, cancelable: true, ...more }));
}

describe("a key", () => {
  it("is not the same with shift, and the same with the capitals lock", () => {
    const once = offered({ keys: "y" });
    const always = offered({ keys: "shift+y" });
    press("y");
    press("Y");
    expect([once.mock.calls.length, always.mock.calls.length]).toEqual([2, 0]);
    press("Y", { shiftKey: true });
    expect([once.mock.calls.length, always.mock.calls.length]).toEqual([2, 1]);
  });

  it("that needs shift to be typed is named by what it types", () => {
    const help = offered({ keys: "?" });
    press("?", { shiftKey: true });
    expect(help).toHaveBeenCalledOnce();
  });

  it("that is held down acts once, unless it moves", () => {
    const decides = offered({ keys: "y" });
    const moves = offered({ keys: "j", repeats: true });
    for (const key of ["y", "j"]) {
      press(key);
      press(key, { repeat: true });
    }
    expect(decides).toHaveBeenCalledOnce();
    expect(moves).toHaveBeenCalledTimes(2);
  });

  it("does what was offered for it last", () => {
    const first = offered({ id: "shell", keys: "n" });
    const last = offered({ id: "view", keys: "n" });
    press("n");
    expect([first.mock.calls.length, last.mock.calls.length]).toEqual([0, 1]);
  });

  it("belongs to what is being written, but for the platform's own combinations", () => {
    const [makes, opens, undoes] = ["c", "mod+k", "mod+z"].map((keys) => offered({ keys }));
    document.body.innerHTML = `<textarea></textarea><input type="checkbox">`;
    const pressIn = (selector: string, key: string, more: KeyboardEventInit = {}): void => {
      const event = new KeyboardEvent("keydown", { key, cancelable: true, ...more });
      Object.defineProperty(event, "target", { value: document.querySelector(selector) });
      commands.pressed(event);
    };
    pressIn("textarea", "c");
    pressIn("textarea", "k", { ctrlKey: true });
    pressIn("textarea", "z", { ctrlKey: true });
    expect([makes, opens, undoes].map((run) => run?.mock.calls.length)).toEqual([0, 1, 0]);
    pressIn("input", "c");
    pressIn("input", "z", { ctrlKey: true });
    expect([makes, opens, undoes].map((run) => run?.mock.calls.length)).toEqual([1, 1, 1]);
  });

  it("is what it types where it takes AltGr to type it", () => {
    const previous = offered({ keys: "[" });
    press("[", { ctrlKey: true, altKey: true, modifierAltGraph: true });
    expect(previous).toHaveBeenCalledOnce();
  });

  it("stands once in the list of keys, with what it does now", () => {
    offered({ id: "shell", keys: "/", title: "Find anything" });
    offered({ id: "view", keys: "/", title: "Search this list" });
    expect(commands.onKeys.map(({ title }) => title)).toEqual(["Search this list"]);
  });
});

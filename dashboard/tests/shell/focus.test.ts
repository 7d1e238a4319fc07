import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { arrive } from "../../src/shell/focus.ts";
import { keepFocus } from "../../src/shell/keep-focus.ts";

let stop = (): void => {};
/** Observers are told of changes before this goes on. */
const observed = (): Promise<void> => new Promise(queueMicrotask);
const main = (): HTMLElement => document.querySelector("main")!;
const find = (selector: string): HTMLElement => document.querySelector<HTMLElement>(selector)!;

beforeEach(() => (document.body.innerHTML = `<a href="/" id="rail">Rail</a><main tabindex="-1"></main>`));
afterEach(() => stop());

describe("arriving at a view", () => {
  it("goes to its heading", () => {
    main().innerHTML = "<h1>Workspace</h1>";
    stop = arrive(main());
    expect(document.activeElement).toBe(find("h1"));
  });

  it("waits at the view for a heading that comes later", async () => {
    stop = arrive(main());
    expect(document.activeElement).toBe(main());
    main().innerHTML = "<p>…</p>";
    main().insertAdjacentHTML("beforeend", "<h1>Task</h1>");
    await vi.waitFor(() => expect(document.activeElement).toBe(find("h1")));
  });

  it("stays where the person went meanwhile", async () => {
    stop = arrive(main());
    find("#rail").focus();
    main().innerHTML = "<h1>Task</h1>";
    await observed();
    expect(document.activeElement).toBe(find("#rail"));
  });

  it("leaves it to a view that chose a place itself", () => {
    main().innerHTML = "<h1>New</h1><input>";
    find("input").focus();
    stop = arrive(main());
    expect(document.activeElement).toBe(find("input"));
  });
});

/** As a browser does: the focus is in it, and nothing else can have it. */
function openDialog(): HTMLDialogElement {
  document.body.insertAdjacentHTML("beforeend", "<dialog open><input></dialog>");
  find("dialog input").focus();
  return document.querySelector("dialog")!;
}

function closeDialog(dialog: HTMLDialogElement): void {
  dialog.open = false;
  find("dialog input").blur();
  dialog.dispatchEvent(new Event("close"));
}

describe("the focus", () => {
  const list = `<h1>Needs me</h1><ul>
    <li id="a"><a href="/a">A</a><button>Allow</button></li>
    <li id="b"><a href="/b">B</a><button>Allow</button></li>
  </ul>`;

  beforeEach(() => {
    main().innerHTML = list;
    stop = keepFocus(document.body, null);
  });

  /** The code that watches over the focus comes now, late. `button` had it last. */
  function watchAnew(button: HTMLElement): void {
    stop();
    stop = keepFocus(document.body, button);
  }

  it("goes to the link of what follows when what had it is taken away, never to a button", async () => {
    find("#a button").focus();
    find("#a").remove();
    await vi.waitFor(() => expect(document.activeElement).toBe(find("#b a")));
  });

  it("goes to what came before when nothing follows, and to what is around when nothing is left", async () => {
    find("#b button").focus();
    find("#b").remove();
    await vi.waitFor(() => expect(document.activeElement).toBe(find("#a a")));
    find("#a").remove();
    await vi.waitFor(() => expect(document.activeElement).toBe(find("ul")));
  });

  it("goes to the heading when the whole of a view changed", async () => {
    find("#a a").focus();
    main().innerHTML = "<h1>Gone</h1>";
    await vi.waitFor(() => expect(document.activeElement).toBe(find("h1")));
  });

  it("goes to the heading of another view, though it begins with a link", async () => {
    find("#a a").focus();
    main().innerHTML = `<a href="/w/w1">Another workspace</a><h1>Needs me</h1>`;
    await vi.waitFor(() => expect(document.activeElement).toBe(find("h1")));
  });

  it("comes back to a button that was disabled while it did its work", async () => {
    const button = find("#a button") as HTMLButtonElement;
    button.focus();
    // Browsers take the focus from a disabled button; jsdom does not.
    button.blur();
    button.disabled = true;
    await observed();
    expect(document.activeElement).toBe(document.body);
    button.disabled = false;
    await vi.waitFor(() => expect(document.activeElement).toBe(button));
  });

  it("is not lost when a button that is at work is taken away", async () => {
    const button = find("#a button") as HTMLButtonElement;
    button.focus();
    button.blur();
    button.disabled = true;
    await observed();
    find("#a").remove();
    await vi.waitFor(() => expect(document.activeElement).toBe(find("#b a")));
  });

  it("is not brought back to those who left", async () => {
    find("#a a").focus();
    find("#a a").blur();
    await observed();
    find("#a").remove();
    await observed();
    expect(document.activeElement).toBe(document.body);
  });

  it("goes to what surrounded that which was taken away under a dialog, when the dialog is closed", async () => {
    find("#a button").focus();
    const dialog = openDialog();
    find("#a").remove();
    await observed();
    expect(document.activeElement).toBe(find("dialog input"));
    closeDialog(dialog);
    expect(document.activeElement).toBe(find("ul"));
  });

  it("is left where the browser puts it when a dialog is closed over what is still there", async () => {
    find("#a button").focus();
    const dialog = openDialog();
    await observed();
    closeDialog(dialog);
    expect(document.activeElement).toBe(document.body);
  });

  it("goes to the view when a dialog is taken away with it", async () => {
    openDialog().remove();
    await vi.waitFor(() => expect(document.activeElement).toBe(find("h1")));
  });

  it("is found again when it was lost before anything watched over it", () => {
    const button = find("#a button");
    button.focus();
    stop();
    find("#a").remove();
    expect(document.activeElement).toBe(document.body);
    watchAnew(button);
    expect(document.activeElement).toBe(find("h1"));
  });

  it("comes back to a button that was at work before anything watched over it", async () => {
    const button = find("#a button") as HTMLButtonElement;
    button.disabled = true;
    watchAnew(button);
    button.disabled = false;
    await vi.waitFor(() => expect(document.activeElement).toBe(button));
  });

  it("is not brought back to those who left before anything watched over it", async () => {
    watchAnew(find("#a button"));
    find("#a").remove();
    await observed();
    expect(document.activeElement).toBe(document.body);
  });
});

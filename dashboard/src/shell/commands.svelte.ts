/**
 * Everything a person can do or go to, by name. The palette lists the commands, the `?` sheet their keys, and
 * the keyboard runs them; whoever can do something offers it for as long as that is so:
 *
 *     $effect(() => commands.offer(() => [{ id: "task.complete", title: "Mark completed", keys: "e", run }]));
 */
import { SvelteSet } from "svelte/reactivity";
import { isWriting, Typing } from "./typing.ts";

export interface Command {
  id: string;
  title: string;
  /** The heading it stands under in the palette and the sheet. */
  group: string;
  /** One key ("c", "?"), with shift ("shift+y"), two in a row ("g i"), or the platform's command key ("mod+k"). */
  keys?: string;
  /** A key that is held down runs it again and again. Else once: what is decided must be meant each time. */
  repeats?: boolean;
  /** Words that the palette finds it by besides its title. */
  also?: string;
  run: () => unknown;
}

/** The groups of what can be done in every view, and the command that lists them all. */
export const MAKING = "Make";
export const GOING = "Go to";
export const EVERYWHERE = "Everywhere";
export const PALETTE = "palette";

export type CommandOnKeys = Command & { keys: string };

type Offer = () => Command[];

const SEQUENCE_MS = 1_200;
/** With the command key, these undo, copy and paste what is being written. */
const EDITING = new Set([..."acvxyz"]);
const MAC = /Mac|iP(hone|ad)/.test(navigator.userAgent);

class Commands {
  readonly #offers = new SvelteSet<Offer>();
  readonly #typing = new Typing();
  #prefix = "";
  #prefixAt = 0;

  /** The last offer of an id counts: a view may replace what the shell offers. */
  get all(): Command[] {
    const byId = new Map<string, Command>();
    for (const offer of this.#offers) {
      for (const command of offer()) {
        byId.delete(command.id);
        byId.set(command.id, command);
      }
    }
    return [...byId.values()];
  }

  /** What the keys do at this moment. As with ids, the last offer of a key counts. */
  get onKeys(): CommandOnKeys[] {
    const byKeys = new Map<string, CommandOnKeys>();
    for (const command of this.all) if (command.keys) byKeys.set(command.keys, command as CommandOnKeys);
    return [...byKeys.values()];
  }

  /** Returns how to take it back, as `$effect` wants it. */
  offer(offer: Offer): () => void {
    this.#offers.add(offer);
    return () => this.#offers.delete(offer);
  }

  /** For the one `keydown` listener of the page. */
  pressed(event: KeyboardEvent): void {
    if (this.#typing.isText(event)) return;
    const key = event.defaultPrevented || event.isComposing ? null : keyOf(event);
    if (!key) return;
    const after = event.timeStamp - this.#prefixAt < SEQUENCE_MS ? `${this.#prefix} ${key}` : key;
    const all = this.onKeys;
    const command = all.find(({ keys }) => keys === after) ?? all.find(({ keys }) => keys === key);
    this.#prefix = !command && all.some(({ keys }) => keys.startsWith(`${key} `)) ? key : "";
    this.#prefixAt = event.timeStamp;
    if (!command) return;
    event.preventDefault();
    if (!event.repeat || command.repeats) command.run();
  }
}

/** As `keys` names it; null while the key belongs to a text field or to a dialog. */
function keyOf(event: KeyboardEvent): string | null {
  // Some keyboards write "[" with AltGr, which Windows reports as Ctrl+Alt.
  const isText = event.getModifierState("AltGraph");
  const mod = !isText && (MAC ? event.metaKey : event.ctrlKey);
  const writing = isWriting(event.target);
  if (mod) return writing && EDITING.has(event.key.toLowerCase()) ? null : `mod+${nameOf(event)}`;
  const otherwise = !isText && (event.ctrlKey || event.metaKey || event.altKey);
  return otherwise || writing || document.querySelector("dialog:modal") ? null : nameOf(event);
}

/** A letter whatever the lock, and whether it was meant as a capital; signs as they are typed. */
function nameOf({ key, shiftKey }: KeyboardEvent): string {
  if (!/^\p{Letter}$/u.test(key)) return key;
  return `${shiftKey ? "shift+" : ""}${key.toLowerCase()}`;
}

/** The keys as they are written on this machine. */
export function keysAsWritten(keys: string): string {
  const written = (key: string): string =>
    key.replace("mod+", MAC ? "⌘" : "Ctrl+").replace("shift+", MAC ? "⇧" : "Shift+").replace(/\b[a-z]$/, (letter) => letter.toUpperCase());
  return keys.split(" ").map(written).join(" ");
}

export const commands = new Commands();

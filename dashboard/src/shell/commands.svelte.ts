/**
 * Everything a person can do or go to, by name. The palette lists the commands, the `?` sheet their keys, and
 * the keyboard runs them; whoever can do something offers it for as long as that is so:
 *
 *     $effect(() => commands.offer(() => [{ id: "task.complete", title: "Mark completed", keys: "e", run }]));
 */
import { SvelteSet } from "svelte/reactivity";

export interface Command {
  id: string;
  title: string;
  /** The heading it stands under in the palette and the sheet. */
  group: string;
  /** One key ("c", "?"), two in a row ("g i"), or with the platform's command key ("mod+k"). */
  keys?: string;
  /** Words that the palette finds it by besides its title. */
  also?: string;
  run: () => unknown;
}

type Offer = () => Command[];

const SEQUENCE_MS = 1_200;
const MAC = /Mac|iP(hone|ad)/.test(navigator.userAgent);

class Commands {
  readonly #offers = new SvelteSet<Offer>();
  #prefix = "";
  #prefixAt = 0;

  /** The last offer of an id counts: a view may replace what the shell offers. */
  get all(): Command[] {
    const byId = new Map<string, Command>();
    for (const offer of this.#offers) for (const command of offer()) byId.set(command.id, command);
    return [...byId.values()];
  }

  /** Returns how to take it back, as `$effect` wants it. */
  offer(offer: Offer): () => void {
    this.#offers.add(offer);
    return () => this.#offers.delete(offer);
  }

  /** For the one `keydown` listener of the page. */
  pressed(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return;
    const mod = MAC ? event.metaKey : event.ctrlKey;
    if (!mod && (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target))) return;
    if (document.querySelector("dialog:modal") && !mod) return;
    const key = `${mod ? "mod+" : ""}${event.key.length === 1 ? event.key.toLowerCase() : event.key}`;
    const after = event.timeStamp - this.#prefixAt < SEQUENCE_MS ? `${this.#prefix} ${key}` : key;
    const all = this.all;
    const command = all.find(({ keys }) => keys === after) ?? all.find(({ keys }) => keys === key);
    this.#prefix = !command && all.some(({ keys }) => keys?.startsWith(`${key} `)) ? key : "";
    this.#prefixAt = event.timeStamp;
    if (!command) return;
    event.preventDefault();
    command.run();
  }
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

/** The keys as they are written on this machine. */
export function keysAsWritten(keys: string): string {
  return keys.split(" ").map((key) => key.replace("mod+", MAC ? "⌘" : "Ctrl+").replace(/\b[a-z]$/, (letter) => letter.toUpperCase())).join(" ");
}

export const commands = new Commands();

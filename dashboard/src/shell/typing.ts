/**
 * A text field may vanish under somebody's fingers, because others settled what it was for. The letters that follow
 * are words and must not act as keys, until there is a pause or the writing was ended.
 */

export const PAUSE_MS = 1_000;
const ENDS = ["Enter", "Escape", "Tab"];

export class Typing {
  #field: Element | null = null;
  #at = 0;

  /** To be asked about every key of the page: whether it belongs to a text whose field is gone. */
  isText(event: KeyboardEvent): boolean {
    const { target, key, timeStamp } = event;
    const field = isWriting(target) ? target : null;
    const goesOn = this.#field?.isConnected === false && timeStamp - this.#at < PAUSE_MS && !isCommand(event);
    if (field) this.#field = field;
    else if (!goesOn) this.#field = null;
    this.#at = timeStamp;
    if (ENDS.includes(key)) this.#field = null;
    return goesOn && this.#field !== null && field === null;
  }
}

function isCommand({ ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  return ctrlKey || metaKey || altKey;
}

const TEXT_FIELDS = "input:not([type=checkbox], [type=radio], [type=button]), textarea, select";

export function isWriting(target: EventTarget | null): target is HTMLElement {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches(TEXT_FIELDS));
}

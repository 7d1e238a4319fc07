/**
 * Text that could mislead by what it hides: control characters, direction overrides and characters
 * without width are named instead of obeyed.
 */

export interface Piece {
  text: string;
  hidden: boolean;
}

// C0/C1 controls except tab and newline, soft hyphen, zero-width and direction marks, byte order mark, tags.
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]/gu;
const ONE_LINE = /[\t\n]/g;
/** Spaces that are none to a shell or a parser, though they look the same. */
const OTHER_SPACES = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]/u;
const HIDDEN_OR_SPACE = new RegExp(`${HIDDEN.source}|${OTHER_SPACES.source}`, "gu");

export interface Strictness {
  oneLine?: boolean;
  /** For what will be run: a space that is not the common one is named as well. */
  exact?: boolean;
}

export function reveal(text: string, { oneLine = false, exact = false }: Strictness = {}): Piece[] {
  const shown = oneLine ? text.replace(ONE_LINE, " ") : text;
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of shown.matchAll(exact ? HIDDEN_OR_SPACE : HIDDEN)) {
    if (isSpelling(shown, match.index)) continue;
    if (match.index > end) pieces.push({ text: shown.slice(end, match.index), hidden: false });
    pieces.push({ text: codePoint(match[0]), hidden: true });
    end = match.index + match[0].length;
  }
  if (end < shown.length) pieces.push({ text: shown.slice(end), hidden: false });
  return pieces;
}

const EMOJI_BEFORE = /\p{Extended_Pictographic}[\p{Emoji_Modifier}\ufe0f]*$/u;
const JOINING_SCRIPT_BEFORE = /[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Malayalam}]$/u;

/** Joiners and variation selectors are honest inside emoji and in scripts that are written with them. */
function isSpelling(text: string, index: number): boolean {
  const before = text.slice(Math.max(0, index - 6), index);
  const here = text.slice(index, index + 2);
  if (/^[\u200d\ufe0f]/.test(here) && EMOJI_BEFORE.test(before)) return true;
  // A digit in its key, as in 1️⃣.
  if (here === "\ufe0f\u20e3" && /[0-9#*]$/.test(before)) return true;
  return /^[\u200c\u200d]/.test(here) && JOINING_SCRIPT_BEFORE.test(before);
}

function codePoint(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** The same for places that take a string, such as the page's title. */
export function revealed(text: string, how: Strictness = { oneLine: true }): string {
  return reveal(text, how)
    .map((piece) => (piece.hidden ? `[${piece.text}]` : piece.text))
    .join("");
}

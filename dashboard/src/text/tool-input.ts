/**
 * A tool's input as its fields, with what is encoded in them decoded, so that a command reads as the shell will
 * read it. Null when that could show something else than what was sent: then the text itself is shown.
 */

export interface Field {
  name: string;
  value: string;
}

const TOKENS = /"(?:[^"\\]|\\.)*"(\s*:)?|-?\d[\d.eE+-]*/g;
/** Numbers of this form are the same after reading and writing them again. */
const PLAIN_NUMBER = /^(?:0|-?[1-9]\d{0,14})$/;

export function fieldsOf(input: string): Field[] | null {
  const value = parsed(input);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const fields = Object.entries(value);
  if (fields.length === 0 || !isFaithful(input, value)) return null;
  return fields.map(([name, value]) => ({ name, value: shown(value) }));
}

function parsed(input: string): unknown {
  try {
    return JSON.parse(input) as unknown;
  } catch {
    return null;
  }
}

/** No name comes twice, of which one would be hidden, and no number is rounded. */
function isFaithful(input: string, value: object): boolean {
  let names = 0;
  for (const [token, isName] of input.matchAll(TOKENS)) {
    if (isName) names += 1;
    else if (!token.startsWith('"') && !PLAIN_NUMBER.test(token)) return false;
  }
  return names === countNames(value);
}

function countNames(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value as Record<string, unknown>).reduce<number>((sum, part) => sum + countNames(part), own);
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

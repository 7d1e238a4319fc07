/**
 * How well a name answers what somebody typed. Every word of the query has to be found in the name; each is
 * worth the most at the start of it, then at the start of a word, then within one, and the least when only its
 * letters follow each other ("nwt" finds "New task"), where the starts of words count again. Of equally good
 * names the shorter one is meant. Case and accents make no difference.
 */
const AT_START = 100;
const AT_WORD = 80;
const WITHIN = 60;
const SCATTERED = 20;
const SCATTERED_AT_WORD = 10;
/** Letters further apart than this on average are an accident. */
const MOST_SPREAD = 5;

/** Null: not meant. */
export function match(query: string, name: string): number | null {
  const text = plain(name);
  let score = 0;
  for (const word of plain(query).split(/\s+/).filter(Boolean)) {
    const worth = worthOf(word, text);
    if (worth === 0) return null;
    score += worth;
  }
  return score - text.length / 100;
}

export function plain(text: string): string {
  return text.normalize("NFKD").replace(/\p{Mark}/gu, "").toLowerCase();
}

function worthOf(word: string, text: string): number {
  if (text.startsWith(word)) return AT_START;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (startsWord(text, at)) return AT_WORD;
  }
  return text.includes(word) ? WITHIN : scattered(word, text);
}

/** The letters in their order, from the earliest start of a word that has the first of them. */
function scattered(word: string, text: string): number {
  let best = 0;
  for (let start = 0; start < text.length; start += 1) {
    if (text[start] !== word[0] || !startsWord(text, start)) continue;
    let at = start;
    let worth = SCATTERED;
    for (const letter of word.slice(1)) {
      at = nextOf(letter, text, at + 1);
      if (at < 0) break;
      if (startsWord(text, at)) worth += SCATTERED_AT_WORD / word.length;
    }
    if (at >= 0 && at - start < word.length * MOST_SPREAD) best = Math.max(best, worth);
  }
  return best;
}

/** The start of a word if there is one ahead that begins so, else the next such letter. */
function nextOf(letter: string, text: string, from: number): number {
  for (let at = text.indexOf(letter, from); at >= 0; at = text.indexOf(letter, at + 1)) {
    if (startsWord(text, at)) return at;
  }
  return text.indexOf(letter, from);
}

function startsWord(text: string, at: number): boolean {
  return at === 0 || /[^\p{Letter}\p{Number}]/u.test(text[at - 1] ?? "");
}

/**
 * The arithmetic of a column's order. Tasks stand by their `position`, a number above 0; one that is put between
 * two others gets a number between theirs:
 *
 *     1 ── 2 ── 3        put before 3        1 ── 2 ─ 2.5 ─ 3
 *
 * The server keeps six decimals apart. Where the room between two has run out, some of their neighbours step aside.
 */

export interface Placed {
  id: string;
  position: number;
}

const DECIMALS = 1e6;
/** Who steps aside leaves this much room to each side, so that it lasts for a while. */
const ROOMY = 0.01;

/** Everyone in `column`, in its order, whose position has to change so that `moved` stands at `index` among the others. */
export function positionsFor(moved: string, index: number, column: Placed[]): Placed[] {
  const others = column.filter(({ id }) => id !== moved);
  const position = between(others[index - 1]?.position, others[index]?.position);
  if (position !== null) return [{ id: moved, position }];
  const standing = [...others];
  standing.splice(index, 0, { id: moved, position: 0 });
  return spread(standing, index);
}

/** A number between two neighbours, of which either may be missing. Null: there is no room. */
function between(lower: number | undefined, upper: number | undefined): number | null {
  if (upper === undefined) return Math.floor(lower ?? 0) + 1;
  const wanted = lower === undefined ? Math.max(upper - 1, upper / 2) : (lower + upper) / 2;
  const position = Math.round(wanted * DECIMALS) / DECIMALS;
  return position > (lower ?? 0) && position < upper ? position : null;
}

/** Spaces out as few as possible around `index`, evenly between the first on each side that may stay. */
function spread(standing: Placed[], index: number): Placed[] {
  for (let reach = 1; ; reach += 1) {
    const first = Math.max(0, index - reach);
    const last = Math.min(standing.length - 1, index + reach);
    const lower = standing[first - 1]?.position ?? 0;
    const upper = standing[last + 1]?.position ?? lower + (last - first + 2);
    const step = (upper - lower) / (last - first + 2);
    if (step < ROOMY) continue;
    const stepping = standing.slice(first, last + 1);
    return stepping.map(({ id }, place) => ({ id, position: Math.round((lower + step * (place + 1)) * DECIMALS) / DECIMALS }));
  }
}

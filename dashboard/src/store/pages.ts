/** Lists that come in pages. */
import type { List } from "../api/types.ts";

/** Every page of a list; true for the `seq` that the first of them was true for. */
export async function everyPage<T>(
  fetch: (cursor: string | null) => Promise<List<T>>,
): Promise<{ items: T[]; seq: number | null }> {
  const items: T[] = [];
  let cursor: string | null = null;
  let seq: number | null = null;
  do {
    const list = await fetch(cursor);
    items.push(...list.items);
    if (list.seq !== null) seq = Math.min(seq ?? Infinity, list.seq);
    cursor = list.next_cursor;
  } while (cursor);
  return { items, seq };
}

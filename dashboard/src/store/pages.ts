/** Lists that come in pages. */
import type { List } from "../api/types.ts";

/** Every page of a list; true for the `seq` that the first of them was true for. */
export async function everyPage<T>(
  fetch: (cursor: string | null) => Promise<List<T>>,
): Promise<{ items: T[]; seq: number | null }> {
  const { items, complete: _, ...rest } = await pages(fetch, Infinity);
  return { items, ...rest };
}

/** As many pages as are wanted. */
export async function pages<T>(
  fetch: (cursor: string | null) => Promise<List<T>>,
  most: number,
): Promise<{ items: T[]; seq: number | null; complete: boolean }> {
  const items: T[] = [];
  let cursor: string | null = null;
  let seq: number | null = null;
  for (let page = 0; page < most; page += 1) {
    const list = await fetch(cursor);
    items.push(...list.items);
    if (list.seq !== null) seq = Math.min(seq ?? Infinity, list.seq);
    cursor = list.next_cursor;
    if (!cursor) break;
  }
  return { items, seq, complete: cursor === null };
}

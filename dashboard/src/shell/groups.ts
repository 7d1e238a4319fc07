export interface Group<T> {
  name: string;
  entries: T[];
}

/** By their groups, these in the order of their first entries. */
export function inGroups<T extends { group: string }>(entries: T[]): Group<T>[] {
  const groups = new Map<string, T[]>();
  for (const entry of entries) groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry]);
  return [...groups].map(([name, members]) => ({ name, entries: members }));
}

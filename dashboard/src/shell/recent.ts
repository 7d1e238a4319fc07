/** The latest choices in the palette, on this device, newest first. Ids only: what they name may be private. */
const KEY = "handrail:recent";
const MOST = 6;

export const recent = {
  ids(): string[] {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
      return Array.isArray(kept) ? kept.filter((id) => typeof id === "string") : [];
    } catch {
      return [];
    }
  },

  add(id: string): void {
    const ids = [id, ...recent.ids().filter((other) => other !== id)].slice(0, MOST);
    localStorage.setItem(KEY, JSON.stringify(ids));
  },

  forget(): void {
    localStorage.removeItem(KEY);
  },
};

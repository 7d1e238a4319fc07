import { offer } from "../../offer.svelte.ts";

/** The sections of a workspace's settings: what the address calls them, and what people do. */
export const SECTIONS = [
  ["general", "General"],
  ["connect", "Connect"],
  ["tokens", "Tokens"],
  ["rules", "Permission rules"],
  ["members", "Members"],
  ["end", "Archive and delete"],
] as const;

/** Those that there are: nobody can be invited where nobody else can sign in. */
export function sections(): readonly (typeof SECTIONS)[number][] {
  return SECTIONS.filter(([id]) => id !== "members" || offer.toOthers);
}

/** The sections of a workspace's settings: what the address calls them, and what people do. */
import { offer } from "../../offer.svelte.ts";

const SECTIONS = [
  ["general", "General"],
  ["connect", "Connect"],
  ["tokens", "Tokens"],
  ["rules", "Permission rules"],
  ["members", "Members"],
  ["end", "Archive and delete"],
] as const;

export type Section = (typeof SECTIONS)[number][0];

/** Those that there are: nobody can be invited where nobody else can sign in. */
export function sections(): readonly (readonly [Section, string])[] {
  return SECTIONS.filter(([id]) => id !== "members" || offer.toOthers);
}

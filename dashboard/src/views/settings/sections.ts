/** The sections of a workspace's settings: what the address calls them, and what people do. */
export const SECTIONS = [
  ["general", "General"],
  ["connect", "Connect"],
  ["tokens", "Tokens"],
  ["rules", "Permission rules"],
  ["end", "Archive and delete"],
] as const;

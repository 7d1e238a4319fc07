/**
 * Which files can be looked at here, by the type that their sender gave them. Pictures of these types are decoded
 * as such and as nothing else; what can hold a script (SVG, HTML, PDF) is never shown, only downloaded.
 */
import type { Attachment } from "../api/types.ts";

const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];
const TEXTS = ["text/plain", "text/markdown", "text/csv", "application/json"];
/** Browsers do not know these by name, and send them as just bytes. */
const TEXT_ENDINGS = /\.(?:txt|md|markdown|csv|json|log)$/i;
const NO_TYPE = "application/octet-stream";

export type FileKind = { kind: "picture"; type: string } | { kind: "text" } | { kind: "other" };

export function kindOf({ mime_type, filename }: Attachment): FileKind {
  const type = mime_type.split(";")[0]?.trim().toLowerCase() ?? "";
  if (PICTURES.includes(type)) return { kind: "picture", type };
  if (TEXTS.includes(type) || (type === NO_TYPE && TEXT_ENDINGS.test(filename))) return { kind: "text" };
  return { kind: "other" };
}

/** Tokens die after their time. Their people hear of it early enough to do something about it. */
import type { Token } from "../../api/types.ts";

const WARNED_MS = 5 * 24 * 60 * 60 * 1000;

export function expiresSoon({ status, expires_at }: Token, now: number): boolean {
  return status === "active" && Date.parse(expires_at) - now <= WARNED_MS;
}

/** What pages and the service worker say to each other. */

export type ToWorker =
  /** "I was built from these files": is there a newer version? */
  | { type: "hello"; files: string[] }
  /** The person wants the new version now. */
  | { type: "take-over" }
  /** These items wait no more. */
  | { type: "settled"; tags: string[] };

export type ToPage =
  | { type: "newer" }
  /** A notification was clicked: go there. */
  | { type: "open"; url: string };

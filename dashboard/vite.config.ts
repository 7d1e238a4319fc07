import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { budget } from "./build/budget.ts";
import { precompress } from "./build/precompress.ts";
import { serviceWorker } from "./build/service-worker.ts";

const server = "http://127.0.0.1:8000";
const worker = "sw.js";

/** What an address may lead to. */
const VIEW = /\/src\/views\/(\w+|workspace\/Board)\.svelte$/;
/** What is written and decided with, which not every view has. */
const TALK =
  /src\/(parts\/(AttachmentList|Composer|Markdown\.|Message|Outgoing|Picture|file-kinds|given-files|steady)|acts\/replies|store\/outbox|api\/download)/;
const DECIDING = /src\/(parts\/(Permission|in-sight)|acts\/permissions|text\/tool-input)/;
/** What loads when somebody reaches for it. */
const LATER = /src\/(parts\/(AttachmentPicker|FormDialog|MarkdownField)|acts\/workspaces|api\/upload|text\/base64)/;
const SHARED = /src\/((parts|acts|api|store|text)\/|shell\/announcer|clock)/;
const isShared = (id: string): boolean => SHARED.test(id) && ![TALK, DECIDING, LATER].some((other) => other.test(id));

export default defineConfig({
  plugins: [
    svelte(),
    serviceWorker({ entry: "src/worker/sw.ts", file: worker }),
    budget({ js: 60_000, css: 15_000 }, VIEW, worker),
    precompress(),
  ],
  build: {
    target: "es2022",
    cssTarget: ["chrome123", "firefox128", "safari17.5"],
    // An inlined asset would be a data: URL, which the Content-Security-Policy allows for images only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // In one piece what every page begins with, and in one what views share: each file more is another wait.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "base", tags: ["$initial"] },
            { name: "shared", test: isShared, minShareCount: 2 },
            { name: "talk", test: TALK, minShareCount: 2 },
            { name: "deciding", test: DECIDING, minShareCount: 2 },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": server, "/auth": server, "/mcp": server } },
  resolve: { conditions: ["browser", "module", "development|production"] },
  test: { environment: "jsdom", include: ["tests/**/*.test.ts"], setupFiles: ["tests/setup.ts"], testTimeout: 20_000 },
});

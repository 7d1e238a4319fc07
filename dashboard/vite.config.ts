import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { budget } from "./build/budget.ts";
import { firstScripts } from "./build/first-scripts.ts";
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
/** What draws everything but the view; see `src/main.ts`. */
const APP = /\/src\/app\.ts$/;
/** What nearly every view has comes along with it. */
const SHARED =
  /\/src\/(acts\/tasks|api\/idempotency|parts\/(after-paint|ConfirmButton|PartState|StatusMark|Time)|text\/time|clock|shell\/announcer)|lucide.*\/(x|check)\.svelte/;
/** What views import that the page does not name. */
const BESIDE_VIEWS = /assets\/(talk|deciding)-/;

export default defineConfig({
  plugins: [
    svelte(),
    serviceWorker({ entry: "src/worker/sw.ts", file: worker }),
    firstScripts(APP),
    budget({ js: 60_000, css: 15_000 }, VIEW, APP, worker),
    precompress(),
  ],
  build: {
    target: "es2022",
    cssTarget: ["chrome123", "firefox128", "safari17.5"],
    // An inlined asset would be a data: URL, which the Content-Security-Policy allows for images only.
    assetsInlineLimit: 0,
    // All styles together weigh less than one more wait for the network.
    cssCodeSplit: false,
    // A view is fetched with what it imports. All else is fetched before it is wanted, or is in no hurry.
    modulePreload: {
      polyfill: false,
      resolveDependencies: (_file, needed) => needed.filter((one) => BESIDE_VIEWS.test(one)),
    },
    // Each file more is another wait: one that has all else fetched, one for all but the view, one for what views share.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "main", tags: ["$initial"], priority: 3 },
            { name: "app", test: (id) => APP.test(id) || SHARED.test(id), priority: 1 },
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

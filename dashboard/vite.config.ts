import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { budget } from "./build/budget.ts";
import { precompress } from "./build/precompress.ts";

const server = "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [svelte(), budget({ js: 60_000, css: 15_000 }), precompress()],
  build: {
    target: "es2022",
    cssTarget: ["chrome123", "firefox128", "safari17.5"],
    // An inlined asset would be a data: URL, which the Content-Security-Policy allows for images only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": server, "/auth": server, "/mcp": server } },
  resolve: { conditions: ["browser", "module", "development|production"] },
  test: { environment: "jsdom", include: ["tests/**/*.test.ts"] },
});

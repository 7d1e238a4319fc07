/**
 * Builds the service worker into one classic script under a name that never changes, with the list of the files it
 * keeps. It is written last: what it lists is what lies in the folder.
 */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin, type Rollup } from "vite";
import type { Build } from "../src/worker/shell.ts";

/** The page, everything it may load, and what the browser asks for beside it. */
const KEPT = /^([^/]+|assets\/.+)\.(html|js|css|svg|woff2|webmanifest)$/;

export function serviceWorker({ entry, file }: { entry: string; file: string }): Plugin {
  let folder = "";
  let root = "";
  return {
    name: "handrail-service-worker",
    apply: "build",
    configResolved(config) {
      root = config.root;
      folder = join(config.root, config.build.outDir);
    },
    async writeBundle() {
      const script = await compile(join(root, entry), buildOf(folder, file));
      writeFileSync(join(folder, file), script);
    },
  };
}

/** Any change of any kept file makes another version. */
export function buildOf(folder: string, worker: string): Build {
  const digest = createHash("sha256");
  const files: string[] = [];
  for (const path of filesIn(folder).filter((path) => KEPT.test(path) && path !== worker)) {
    digest.update(`${path}\0`).update(readFileSync(join(folder, path)));
    // Asked for by the address at which people open it: hosts redirect the file's own name.
    files.push(path === "index.html" ? "/" : `/${path}`);
  }
  return { version: digest.digest("hex").slice(0, 12), files };
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path)).isFile())
    .map((path) => path.replaceAll("\\", "/"))
    .sort();
}

async function compile(input: string, contents: Build): Promise<string> {
  const built = await build({
    configFile: false,
    publicDir: false,
    logLevel: "warn",
    define: { __BUILD__: JSON.stringify(contents) },
    build: {
      write: false,
      target: "es2022",
      modulePreload: false,
      rolldownOptions: { input, output: { format: "iife", entryFileNames: "worker.js" } },
    },
  });
  const [chunk, ...others] = (built as Rollup.RollupOutput).output;
  if (!chunk || others.length > 0) throw new Error("the service worker must be one file");
  return chunk.code;
}

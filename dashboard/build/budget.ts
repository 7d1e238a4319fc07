/**
 * Fails the build when what a view needs on a first visit, gzipped, outgrows its bound: the page's own code, the
 * view's, and all that these import. Prints the figures, and beside them what comes later: the service worker, and
 * everything together.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin, Rollup } from "vite";
import { appIn } from "./first-scripts.ts";

export interface Budget {
  js: number;
  css: number;
}

const SCRIPT_OR_STYLE = /\.(js|css)$/;

/** `view` tells the modules that are views, and by its first group their names; `app` the one that draws them. */
export function budget(limits: Budget, view: RegExp, app: RegExp, worker: string): Plugin {
  let folder = "";
  return {
    name: "handrail-budget",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    generateBundle: {
      // The styles are there last.
      order: "post",
      handler(_options, bundle) {
        const over: string[] = [];
        for (const [name, used] of firstLoads(bundle, view, app)) {
          const line = `first load of ${name}: ${used.js} B of scripts, ${used.css} B of styles, gzip`;
          console.info(line);
          if (used.js > limits.js || used.css > limits.css) over.push(line);
        }
        if (over.length > 0) this.error(`over ${limits.js} B of scripts or ${limits.css} B of styles:\n${over.join("\n")}`);
      },
    },
    closeBundle() {
      const sizes = sizesIn(folder);
      const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
      console.info(`service worker: ${sizes.get(worker) ?? 0} B gzip; all scripts and styles: ${total} B gzip`);
    },
  };
}

/** Every script and style of a built folder, gzipped. */
function sizesIn(folder: string): Map<string, number> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => SCRIPT_OR_STYLE.test(name));
  return new Map(names.map((name) => [name, gzipSync(readFileSync(join(folder, name))).length]));
}

function firstLoads(bundle: Rollup.OutputBundle, view: RegExp, app: RegExp): Map<string, Budget> {
  const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
  const always = [...chunks.filter(({ isEntry }) => isEntry), appIn(bundle, app)];
  const loads = new Map<string, Budget>();
  for (const chunk of chunks) {
    const name = view.exec(chunk.facadeModuleId ?? "")?.[1];
    if (name) loads.set(name, weigh([...always, chunk], bundle));
  }
  return loads;
}

/** These and all that they import, with the one file of all styles. */
function weigh(chunks: Rollup.OutputChunk[], bundle: Rollup.OutputBundle): Budget {
  const scripts = new Set<string>();
  const styles = Object.keys(bundle).filter((name) => name.endsWith(".css"));
  const visit = (name: string): void => {
    const file = bundle[name];
    if (!file || file.type !== "chunk" || scripts.has(name)) return;
    scripts.add(name);
    file.imports.forEach(visit);
  };
  for (const { fileName } of chunks) visit(fileName);
  const size = (names: Iterable<string>): number => [...names].reduce((sum, name) => sum + gzipped(bundle[name]), 0);
  return { js: size(scripts), css: size(styles) };
}

function gzipped(file: Rollup.OutputAsset | Rollup.OutputChunk | undefined): number {
  if (!file) return 0;
  return gzipSync(file.type === "chunk" ? file.code : file.source).length;
}

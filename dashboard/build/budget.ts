/**
 * Fails the build when what the first page load needs, gzipped, outgrows its bound; prints the figures, and beside
 * them what comes later: the service worker, and everything together.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin, Rollup } from "vite";

export interface Budget {
  js: number;
  css: number;
}

const SCRIPT_OR_STYLE = /\.(js|css)$/;

export function budget(limits: Budget, worker: string): Plugin {
  let folder = "";
  return {
    name: "handrail-budget",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    generateBundle(_options, bundle) {
      const used = firstLoad(bundle);
      for (const kind of ["js", "css"] as const) {
        const line = `first load ${kind}: ${used[kind]} B gzip (bound ${limits[kind]} B)`;
        if (used[kind] > limits[kind]) this.error(line);
        console.info(line);
      }
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

function firstLoad(bundle: Rollup.OutputBundle): Budget {
  const scripts = new Set<string>();
  const styles = new Set<string>();
  const visit = (name: string): void => {
    const file = bundle[name];
    if (!file || file.type !== "chunk" || scripts.has(name)) return;
    scripts.add(name);
    for (const style of file.viteMetadata?.importedCss ?? []) styles.add(style);
    file.imports.forEach(visit);
  };
  for (const file of Object.values(bundle)) {
    if (file.type === "chunk" && file.isEntry) visit(file.fileName);
  }
  const size = (names: Set<string>): number =>
    [...names].reduce((sum, name) => sum + gzipped(bundle[name]), 0);
  return { js: size(scripts), css: size(styles) };
}

function gzipped(file: Rollup.OutputAsset | Rollup.OutputChunk | undefined): number {
  if (!file) return 0;
  return gzipSync(file.type === "chunk" ? file.code : file.source).length;
}

/** Fails the build when what the first page load needs, gzipped, outgrows its bound; prints the figures. */
import { gzipSync } from "node:zlib";
import type { Plugin, Rollup } from "vite";

export interface Budget {
  js: number;
  css: number;
}

export function budget(limits: Budget): Plugin {
  return {
    name: "handrail-budget",
    apply: "build",
    generateBundle(_options, bundle) {
      const used = firstLoad(bundle);
      for (const kind of ["js", "css"] as const) {
        const line = `first load ${kind}: ${used[kind]} B gzip (bound ${limits[kind]} B)`;
        if (used[kind] > limits[kind]) this.error(line);
        console.info(line);
      }
    },
  };
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

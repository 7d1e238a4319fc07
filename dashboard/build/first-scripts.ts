/** Has the page ask for the scripts that `app` needs at once, beside its first one, which imports them. */
import type { Plugin, Rollup } from "vite";

export function firstScripts(app: RegExp): Plugin {
  return {
    name: "handrail-first-scripts",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(_html, { bundle = {} }) {
        const needed = withImports(appIn(bundle, app), bundle);
        return needed.map(({ fileName }) => ({
          tag: "link",
          attrs: { rel: "modulepreload", crossorigin: true, href: `/${fileName}` },
          injectTo: "head",
        }));
      },
    },
  };
}

/** The chunk that holds the module that `app` tells. */
export function appIn(bundle: Rollup.OutputBundle, app: RegExp): Rollup.OutputChunk {
  for (const file of Object.values(bundle)) {
    if (file.type === "chunk" && !file.isEntry && file.moduleIds.some((id) => app.test(id))) return file;
  }
  throw new Error(`no chunk holds ${app}`);
}

/** A chunk and all that it cannot run without, but for the entry, which the page names itself. */
function withImports(chunk: Rollup.OutputChunk, bundle: Rollup.OutputBundle): Rollup.OutputChunk[] {
  const needed = new Set<Rollup.OutputChunk>();
  const visit = (one: Rollup.OutputAsset | Rollup.OutputChunk | undefined): void => {
    if (one?.type !== "chunk" || one.isEntry || needed.has(one)) return;
    needed.add(one);
    for (const name of one.imports) visit(bundle[name]);
  };
  visit(chunk);
  return [...needed];
}

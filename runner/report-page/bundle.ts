/** A page's program and style, bundled when it is asked for: what is in the checkout is what runs. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { PageParts } from "./html.ts";

const APP = resolve(import.meta.dir, "app");

/** Bundles the report's program. @throws If the program has an error: a fault of tickproof. */
export async function bundlePage(): Promise<PageParts> {
  return await bundleApp(resolve(APP, "main.ts"), []);
}

/**
 * Bundles a program that is made of parts of the report's, with the chart library.
 *
 * @param styles Style sheets besides the report's.
 * @throws If the program has an error: a fault of tickproof.
 */
export async function bundleApp(program: string, styles: readonly string[]): Promise<PageParts> {
  const built = await Bun.build({
    entrypoints: [program],
    target: "browser",
    format: "esm",
    minify: true,
  });
  const [script] = built.outputs;
  if (script === undefined) throw new Error("the page's program was bundled to nothing");
  const charts = new URL(import.meta.resolve("uplot/dist/uPlot.min.css"));
  const all = [charts, resolve(APP, "style.css"), resolve(APP, "parts.css"), ...styles];
  return { script: await script.text(), style: all.map((path) => readFileSync(path, "utf8")).join("\n") };
}

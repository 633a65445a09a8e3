/** The page's program and style, bundled when a report is asked for: what is in the checkout is what runs. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { PageParts } from "./html.ts";

const APP = resolve(import.meta.dir, "app");

/** Bundles the program with the chart library. @throws If the program has an error: a fault of tickproof. */
export async function bundlePage(): Promise<PageParts> {
  const built = await Bun.build({
    entrypoints: [resolve(APP, "main.ts")],
    target: "browser",
    format: "esm",
    minify: true,
  });
  const [script] = built.outputs;
  if (script === undefined) throw new Error("the page's program was bundled to nothing");
  const charts = new URL(import.meta.resolve("uplot/dist/uPlot.min.css"));
  const styles = [charts, resolve(APP, "style.css"), resolve(APP, "parts.css")];
  return { script: await script.text(), style: styles.map((path) => readFileSync(path, "utf8")).join("\n") };
}

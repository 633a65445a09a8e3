/** The live page's program and style, bundled when the server starts, of parts that it shares with the report. */
import { resolve } from "node:path";
import { bundleApp } from "../report-page/mod.ts";

const APP = resolve(import.meta.dir, "app");

/** Bundles them. @throws If the program has an error: a fault of tickproof. */
export async function bundleLivePage(): Promise<{ script: string; style: string }> {
  return await bundleApp(resolve(APP, "main.ts"), [resolve(APP, "live.css")]);
}

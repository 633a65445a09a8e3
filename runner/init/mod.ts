/** A first manifest for a command: what `tickproof init` writes after it has seen the command run. */
export { type FirstTest, firstManifest } from "./first-manifest.ts";
export { observe, type Sighting } from "./observe.ts";

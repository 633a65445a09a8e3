/** Manifests: which programs are run, and what their runs must be like. */
export { checkManifest, type LoadedManifest, loadManifest } from "./load.ts";
export type { Expectations, Manifest, Range, TestEntry, TextExpectation } from "./schema.ts";

/** Manifests: which programs are run, and what their runs must be like. */
export type { Condition, Conditions } from "./conditions.ts";
export { checkManifest, type LoadedManifest, loadManifest } from "./load.ts";
export type { Expectations, Manifest, Range, TestEntry, TextExpectation } from "./schema.ts";

/** Manifests: which programs are run, and what their runs must be like. */
export type { Build } from "./build.ts";
export type { Manifest, TestEntry } from "./complete.ts";
export type { Condition, Conditions } from "./conditions.ts";
export type { Expectations, Range, TextExpectation, TickBounds } from "./expectations.ts";
export type { Files } from "./files.ts";
export type { HookProgram } from "./hooks.ts";
export { checkManifest, type LoadedManifest, loadManifest } from "./load.ts";
export { toRegex } from "./regex.ts";
export type { Sends } from "./sends.ts";

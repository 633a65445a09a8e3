/** The manifests of this checkout, which many tests take for examples. */
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";

const FOLDER = resolve(import.meta.dir, "../../manifests");

/** Paths of tickproof's own manifests. */
export function ownManifests(): string[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".yaml"));
  return names.sort().map((name) => join(FOLDER, name));
}

/** docs/manifests.md: its examples load, and no key of the schema is missing in it. */
import { test } from "bun:test";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { knownKeys } from "../yaml/mod.ts";
import { checkManifest } from "./mod.ts";
import { manifestSchema } from "./schema.ts";

const FOLDER = resolve(import.meta.dir, "../../docs");
const TEXT = readFileSync(resolve(FOLDER, "manifests.md"), "utf8");

test("docs/manifests.md has examples that load", () => {
  const examples = [...TEXT.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml = ""]) => yaml);
  assertEquals(
    examples.map((yaml) => checkManifest("docs/manifests.md", yaml, FOLDER).suite),
    ["mine", "matrices", "files-and-signals", "with-a-server", "conditions", "own-probes", "expectations"],
  );
});

test("docs/manifests.md tells of every key", () => {
  const places = [
    [],
    ["tests", 0],
    ["defaults"],
    ["tests", 0, "build"],
    ["tests", 0, "matrix"],
    ["setup", 0],
    ["tests", 0, "files", "name.txt"],
    ["tests", 0, "signals", 0],
    ["tests", 0, "signals", 0, "at"],
    ["tests", 0, "requires", 0],
    ["tests", 0, "expect"],
    ["tests", 0, "expect", "stdout"],
    ["tests", 0, "expect", "ticks"],
    ["tests", 0, "expect", "overhead"],
  ];
  const keys = places.flatMap((place) => knownKeys(manifestSchema, place));
  assert(keys.includes("unsupported") && keys.includes("when") && keys.includes("contains"));
  assertEquals(
    keys.filter((key) => !new RegExp(`[\`{ ]${key}\\b`).test(TEXT)),
    [],
  );
});

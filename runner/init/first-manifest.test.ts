import { test } from "bun:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { checkManifest } from "../manifest/mod.ts";
import { type FirstTest, firstManifest } from "./first-manifest.ts";
import type { Sighting } from "./observe.ts";

const NAMED: FirstTest = { name: "one", key: "command", value: "true", args: [], schema: "./schema.json" };

function seen(stdout: string | Uint8Array, more: Partial<Sighting> = {}): Sighting {
  return { exit: { code: 0 }, ticks: 1000, stdout: Buffer.from(stdout as string), ...more };
}

/** The text for two recordings, and its only test, as it loads. */
function manifestOf(first: Sighting, second: Sighting = first, named: Partial<FirstTest> = {}) {
  const text = firstManifest({ ...NAMED, ...named }, first, second);
  const [entry] = checkManifest("m.yaml", text, "/nowhere").tests;
  assert(entry !== undefined);
  return { text, entry };
}

test("firstManifest() expects a short output as a whole, whatever letters it has", () => {
  for (const stdout of [
    "",
    "a\nb\n",
    "no line end",
    "  \tindented\n\n\n",
    '"quoted": #\n',
    "ünï\u00e9\n",
    "- x\n---\n...\n",
  ]) {
    assertEquals(manifestOf(seen(stdout)).entry.expect.stdout, { equals: stdout });
  }
});

test("firstManifest() expects the last line of an output that is long or differs, or nothing", () => {
  const long = manifestOf(seen(`${"line\n".repeat(1000)}the end: 1\n`));
  assertEquals(long.entry.expect.stdout, { contains: ["the end: 1"] });
  assertStringIncludes(long.text, "# The output is long: this is its last line.");
  const differs = manifestOf(seen("pid 1\ndone\n"), seen("pid 2\ndone\n"));
  assertEquals(differs.entry.expect.stdout, { contains: ["done"] });
  assertEquals(manifestOf(seen("pid 1\n"), seen("pid 2\n")).entry.expect.stdout, undefined);
  assertEquals(manifestOf(seen(Uint8Array.of(0xff, 0x00, 0x0a))).entry.expect.stdout, undefined);
});

test("firstManifest() allows some more or fewer ticks than two recordings had", () => {
  const { entry } = manifestOf(seen("", { ticks: 1000 }), seen("", { ticks: 2000 }));
  assertEquals(entry.expect.ticks, { min: 900, max: 2200 });
});

test("firstManifest() writes commands and arguments that would mean something else in YAML", () => {
  const args = ["- a", "", "yes", "1", "#x", 'q"q', "a\nb", "\\", "*x"];
  const { entry } = manifestOf(seen(""), seen(""), { value: "no", args });
  assertEquals([entry.command, entry.args], ["no", args]);
});

test("firstManifest() names suite and test after programs whose names are something else in YAML", () => {
  for (const name of ["true", "123", "null", "1.5"]) {
    assertEquals(manifestOf(seen(""), seen(""), { name }).entry.name, name);
  }
});

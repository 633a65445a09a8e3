import { test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { knownKeys } from "../yaml/mod.ts";
import { profileSchema } from "./profile-schema.ts";
import { profileNames } from "./profiles.ts";

const DOCS = readFileSync(join(import.meta.dir, "../../docs/hosts.md"), "utf8");
/** First cells of all rows. */
const NAMED = new Set(
  [...DOCS.matchAll(/^\| (`[^|]*) \|/gm)]
    .flatMap(([, cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)])
    .map(([, name = ""]) => name),
);

test("docs/hosts.md tells of every profile that comes with tickproof", () => {
  for (const name of profileNames()) assert(NAMED.has(name), name);
});

test("docs/hosts.md has every key of a profile, and no others", () => {
  const parts = ["cpu", "pmu", "hypervisor", "machine", "kernel"];
  const keys = parts.flatMap((part) => knownKeys(profileSchema, [part]).map((key) => `${part}.${key}`));
  const inner = ["tsx", "hybrid"].flatMap((part) =>
    knownKeys(profileSchema, ["cpu", part]).map((key) => `cpu.${part}.${key}`),
  );
  const all = [...keys.filter((key) => key !== "cpu.tsx" && key !== "cpu.hybrid"), ...inner];
  const told = [...NAMED].filter((name) => parts.some((part) => name.startsWith(`${part}.`)));
  assertEquals(told.sort(), all.sort());
});

test("docs/hosts.md names for each mechanism the function and the version that it follows, or who says so", () => {
  const [, table = ""] = DOCS.split("| symptom | mechanism | source |\n| --- | --- | --- |\n");
  const rows = table
    .slice(0, table.indexOf("\n\n"))
    .split("\n")
    .map((row) => row.split(" | ").at(-1)?.replace(/ \|$/, "") ?? "");
  assert(rows.length > 25, `${rows.length} rows`);
  const elsewhere = /^(\[|Intel SDM volume \w+, [\d.]+)|pmu-events\/.*\.json \(\d+\.\d+\)/;
  const wrong = rows.filter((source) => !elsewhere.test(source) && !/\.[ch], `\w+`.*\(\d+\.\d+/.test(source));
  assertEquals(wrong, []);
});

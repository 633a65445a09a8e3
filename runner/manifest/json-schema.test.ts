/** The published JSON Schemas: up to date, and of one mind with what loads manifests. */
import { test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { assert, assertEquals } from "@std/assert";
import Ajv from "ajv";
import { parse } from "yaml";
import { ownManifests } from "./_own-manifests.ts";
import { publishedSchemas, schemaText } from "./json-schema.ts";
import { manifestSchema } from "./schema.ts";

const MANIFESTS = resolve(import.meta.dir, "../../manifests");
const DOCS = readFileSync(resolve(import.meta.dir, "../../docs/manifests.md"), "utf8");

const ajv = new Ajv({ allErrors: true, strictTypes: false, formats: { uri: URL.canParse } });
const [manifest, profile] = [...publishedSchemas().values()].map((schema) => ajv.compile(schema));
const accepts = (document: unknown) => manifest?.(document) ?? false;

/** A manifest of one test with more keys. */
const withTest = (more: object) => ({ suite: "s", tests: [{ name: "one", command: "true", ...more }] });

test("the published schemas are those of the definitions: 'npm run schemas' writes them", () => {
  for (const [path, schema] of publishedSchemas()) {
    assertEquals(readFileSync(resolve(MANIFESTS, path), "utf8"), schemaText(schema));
  }
});

test("the published schemas accept all that is shipped and documented", () => {
  const examples = [...DOCS.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml = ""]) => yaml);
  assert(examples.length > 2);
  const shipped = ownManifests().map((path) => readFileSync(path, "utf8"));
  for (const yaml of [...shipped, ...examples])
    assert(accepts(parse(yaml)), JSON.stringify(manifest?.errors));
  const hosts = readdirSync(resolve(MANIFESTS, "hosts")).filter((name) => name.endsWith(".yaml"));
  assert(hosts.length > 0);
  for (const name of hosts) {
    const document = parse(readFileSync(resolve(MANIFESTS, "hosts", name), "utf8"));
    assert(profile?.(document), `${name}: ${JSON.stringify(profile?.errors)}`);
  }
});

test("shipped manifests and profiles name their schema, for editors", () => {
  const hosts = readdirSync(resolve(MANIFESTS, "hosts")).filter((name) => name.endsWith(".yaml"));
  const profiles = hosts.map((name) => resolve(MANIFESTS, "hosts", name));
  for (const path of [...ownManifests(), ...profiles]) {
    const [, schema = ""] =
      /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(path, "utf8")) ?? [];
    assert(existsSync(resolve(dirname(path), schema)) && schema !== "", path);
  }
});

/** What both sides must say of a document. */
const CASES: readonly [valid: boolean, document: unknown][] = [
  [true, withTest({})],
  [true, withTest({ requires: "pmu", xfail: [{ reason: "not yet", engine: "rr" }, "in-tx"] })],
  [
    true,
    withTest({ expect: { ticks: 7, events: { min: 1 }, stdout: { contains: "x", matches: ["a", "b"] } } }),
  ],
  [
    true,
    withTest({ expect: { ticks: { baseline: "5%" }, counters: { "page-faults": 3 }, overhead: { max: 2 } } }),
  ],
  [true, withTest({ files: { a: "text", b: { copy: "c" } }, signals: [{ send: "SIGTERM", at: { ms: 5 } }] })],
  [
    true,
    withTest({ matrix: { args: ["a", ["b", "c"]], host: [null, "haswell"], exclude: [{ args: "a" }] } }),
  ],
  [true, withTest({ build: { sources: "x.c", libraries: "m", language: "c" } })],
  [true, { ...withTest({}), defaults: { args: ["x"], expect: { exit: 1 } } }],
  [false, withTest({ timout: 5 })],
  [false, withTest({ args: [1] })],
  [false, withTest({ expect: { ticks: { baseline: "five" } } })],
  [false, withTest({ expect: { ticks: -1 } })],
  [false, withTest({ requires: 7 })],
  [false, withTest({ signals: [{ send: "SIGTRM", at: { ms: 1 } }] })],
  [false, withTest({ matrix: { engine: ["qr"] } })],
  [false, withTest({ files: { a: { from: "b" } } })],
  [false, { ...withTest({}), defaults: { name: "x" } }],
  [false, { suite: "s", tests: [] }],
];

test("the published schema and the loader's accept and refuse the same", () => {
  for (const [valid, document] of CASES) {
    const found = [accepts(document), manifestSchema.safeParse(document).success];
    assertEquals(found, [valid, valid], JSON.stringify(document));
  }
});

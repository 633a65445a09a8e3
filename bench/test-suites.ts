/** Whole test suites of others that the benchmark records: one in Node, one in Python, one in C. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../runner/errors/mod.ts";
import { say } from "../runner/output/mod.ts";
import type { Program } from "./programs.ts";

/** qs, whose npm package ships its tests, and what those import. */
const QS = {
  private: true,
  dependencies: {
    qs: "6.17.1",
    tape: "^5.9.0",
    "es-value-fixtures": "*",
    "for-each": "*",
    "has-bigints": "*",
    "has-override-mistake": "*",
    "has-property-descriptors": "*",
    "has-proto": "*",
    "has-symbols": "*",
    "iconv-lite": "*",
    "mock-property": "*",
    "object-inspect": "*",
    "safer-buffer": "*",
  },
};
/** Programs of Debian's libglib2.0-tests that need no session bus and no display. */
const GLIB = [
  "array-test",
  "base64",
  "bytes",
  "checksum",
  "convert",
  "date",
  "hash",
  "keyfile",
  "list",
  "queue",
];
const GLIB_FOLDER = "/usr/libexec/installed-tests/glib";
/** Debian's own Python: its tests are in the package libpython3.11-testsuite. */
const PYTHON = "/usr/bin/python3";

function qs(scratch: string): Program | undefined {
  writeFileSync(join(scratch, "package.json"), JSON.stringify(QS));
  const { exitCode } = Bun.spawnSync(["npm", "install", "--no-audit", "--no-fund"], { cwd: scratch });
  if (exitCode !== 0) return undefined;
  const tests = ["parse", "stringify", "utils"].map((name) => `node node_modules/qs/test/${name}.js`);
  return { name: "qs (Node)", command: ["sh", "-c", `cd ${scratch} && ${tests.join(" && ")}`] };
}

function cpython(): Program | undefined {
  const { exitCode } = Bun.spawnSync([PYTHON, "-c", "import test.test_json"]);
  return exitCode === 0
    ? { name: "test_json (CPython)", command: [PYTHON, "-m", "test", "test_json"] }
    : undefined;
}

function glib(): Program | undefined {
  if (!GLIB.every((name) => existsSync(join(GLIB_FOLDER, name)))) return undefined;
  const tests = GLIB.map((name) => `./${name}`);
  return { name: "GLib (C)", command: ["sh", "-c", `cd ${GLIB_FOLDER} && ${tests.join(" && ")}`] };
}

/**
 * Makes the test suites ready. One that can't be had here is left out, with a word.
 *
 * @param scratch A folder for what npm installs.
 */
export function testSuites(scratch: string): Program[] {
  const wanted = [
    ["qs (Node)", "npm and its registry", qs(scratch)],
    ["test_json (CPython)", "apt-get install libpython3-testsuite", cpython()],
    ["GLib (C)", "apt-get install libglib2.0-tests", glib()],
  ] as const;
  for (const [name, need, suite] of wanted) {
    if (suite === undefined) say(`${name} is left out: it needs ${need}\n`);
  }
  const found = wanted.flatMap(([, , suite]) => suite ?? []);
  if (found.length === 0) throw new UsageError("no test suite can be had here: see the lines above");
  return found;
}

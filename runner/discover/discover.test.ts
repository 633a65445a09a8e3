import { afterEach, beforeEach, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { NothingMatched, UsageError } from "../errors/mod.ts";
import { discover } from "./discover.ts";

const MANIFEST = "suite: a\ntests:\n  - { name: b, command: 'true' }\n";
const SCRIPT = 'import { test } from "tickproof";\ntest("a", () => {});\n';

let folder = "";
let before = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-discover-"));
  before = process.cwd();
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** A project with what is ours, and what only looks so. */
function project(): void {
  write("tests/a.yaml", MANIFEST);
  write("tests/deep/b.suite.yml", `# a comment\n${MANIFEST}`);
  write("tests/c.test.ts", SCRIPT);
  write("tests/d.test.ts", 'import { test } from "vitest";\ntest("d", () => {});\n');
  write("src/e.ts", 'import { test } from "tickproof";\n');
  write("docker-compose.yaml", "services:\n  tests:\n    image: x\n");
  write("tests/big.yaml", `${MANIFEST}#${"x".repeat(1_100_000)}\n`);
  write("node_modules/tickproof/manifests/core.yaml", MANIFEST);
  write("node_modules/tickproof/suites/x.test.ts", SCRIPT);
  write(".cache/y.yaml", MANIFEST);
  symlinkSync("..", join(folder, "tests/loop"));
}

const ALL = ["tests/a.yaml", "tests/c.test.ts", "tests/deep/b.suite.yml"];

test("discover() without words finds manifests and scripts below the folder, and no package's own", () => {
  project();
  assertEquals(discover([]), ALL);
});

test("discover() takes files as they are, folders, and globs, each file once", () => {
  project();
  assertEquals(discover(["src/e.ts", "docker-compose.yaml"]), ["src/e.ts", "docker-compose.yaml"]);
  assertEquals(discover(["tests/deep", "tests"]), [
    "tests/deep/b.suite.yml",
    "tests/a.yaml",
    "tests/c.test.ts",
  ]);
  assertEquals(discover(["**/*.{yaml,yml}"]), ["tests/a.yaml", "tests/deep/b.suite.yml"]);
  assertEquals(discover([join(folder, "tests/*.ts")]), [join(folder, "tests/c.test.ts")]);
});

test("discover() takes what the settings include where no word says more", () => {
  project();
  const include = ["tests/*.yaml"];
  assertEquals(discover([], { include }), ["tests/a.yaml"]);
  assertEquals(discover(["tests/c.test.ts"], { include }), ["tests/c.test.ts"]);
});

/** Root may read everything: its commands do without that right. setpriv is one of util-linux's, as unshare is. */
const asOther =
  process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"] : [];
const mayDrop = Bun.spawnSync([...asOther, "true"]).exitCode === 0;

test.skipIf(!mayDrop)(
  `what may not be read has no tests, and is no error, whether all is searched or a glob is${mayDrop ? "" : " (skipped: no right to drop rights here)"}`,
  () => {
    write("a.yaml", MANIFEST);
    write("database/b.yaml", MANIFEST);
    write("c.yaml", MANIFEST);
    chmodSync(join(folder, "database"), 0);
    chmodSync(join(folder, "c.yaml"), 0);
    const suites = [process.execPath, resolve(import.meta.dir, "../cli.ts"), "suites", "--list"];
    const listed = (word: string[]) =>
      Bun.spawnSync([...asOther, ...suites, ...word], {
        cwd: folder,
        env: { ...process.env, NO_COLOR: "1" },
      });
    for (const words of [[], ["**/*.yaml"]]) {
      const { exitCode, stdout, stderr } = listed(words);
      assertEquals([exitCode, stderr.toString()], [0, ""]);
      assertStringIncludes(stdout.toString(), "a/b");
    }
    chmodSync(join(folder, "database"), 0o700);
  },
  60_000,
);

test("discover() says what it did not find, and where", () => {
  assertThrows(() => discover([]), NothingMatched, `below ${folder}: 'tickproof init'`);
  project();
  assertThrows(() => discover(["src"]), NothingMatched, "no manifest or script below src");
  assertThrows(() => discover(["nothing/*.yaml"]), NothingMatched, "matches 'nothing/*.yaml'");
  assertThrows(() => discover(["tests/a.yml"]), UsageError, "did you mean 'tests/a.yaml'?");
  assertThrows(
    () => discover([], { include: ["gone"] }),
    UsageError,
    "tickproof.yaml: include: there is no file",
  );
});

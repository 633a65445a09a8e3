import { afterEach, beforeEach, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { NothingMatched, UsageError } from "../../errors/mod.ts";
import { shellTest } from "../_fixtures.ts";
import { collectTests, type Selection, selectTests } from "./collect.ts";
import { ScriptSessions } from "./scripts.ts";

const SCRIPT = resolve(import.meta.dir, "../../script/fixtures/every-kind.ts");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-collect-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function manifest(suite: string, file = `${suite}.yaml`): string {
  const path = join(folder, file);
  writeFileSync(
    path,
    `suite: ${suite}\ntimeout: 7\ntags: [all]\ntests:\n  - { name: one, command: "true", tags: [first] }\n  - { name: two, command: "true" }\n`,
  );
  return path;
}

test("collectTests() takes the tests of manifests with their defaults, and those of scripts", async () => {
  await using scripts = new ScriptSessions(folder);
  const tests = await collectTests([manifest("a"), SCRIPT], scripts);
  const [one, two] = tests;
  assertEquals([one?.id, one?.timeoutSeconds, one?.cwd, one?.tags], ["a/one", 7, folder, ["all", "first"]]);
  assertEquals(two?.tags, ["all"]);
  const thrower = tests.find(({ name }) => name === "throws");
  assertEquals([thrower?.suite, thrower?.timeoutSeconds, thrower?.tags], ["every-kind", 5, ["quick"]]);
  assertEquals(tests.find(({ name }) => name === "is ignored")?.skip, "ignored by the script");
});

test("collectTests() refuses two suites of one name, and scripts that say what can't be", async () => {
  await using scripts = new ScriptSessions(folder);
  const paths = [manifest("a"), manifest("a", "again.yaml")];
  await assertRejects(() => collectTests(paths, scripts), UsageError, "are both of a suite 'a'");
  const wrong = join(folder, "wrong.ts");
  const api = resolve(import.meta.dir, "../../script/mod.ts");
  writeFileSync(
    wrong,
    `import { test } from ${JSON.stringify(api)};\ntest("x", { requires: "pmuu" }, () => {});\n`,
  );
  const { message } = await assertRejects(() => collectTests([wrong], scripts), UsageError);
  assertStringIncludes(message, `${wrong}:2: the test 'x': unknown capability 'pmuu': did you mean 'pmu'?`);
});

const TESTS = ["core/alarm", "core/hle", "more/alarm_twice"].map((id) =>
  shellTest("", { id, name: id.split("/")[1] ?? "" }),
);
const ALL: Selection = { filter: undefined, only: undefined, shard: undefined, seed: undefined };
const ids = (selection: Partial<Selection>) =>
  selectTests(TESTS, { ...ALL, ...selection }).map(({ id }) => id);

test("selectTests() filters, takes a shard, and shuffles by a seed", () => {
  assertEquals(
    ids({}),
    TESTS.map(({ id }) => id),
  );
  assertEquals(ids({ filter: "alarm*" }), ["core/alarm", "more/alarm_twice"]);
  assertEquals(ids({ shard: { index: 2, count: 2 } }), ["core/hle"]);
  assertEquals(ids({ only: new Set(["core/hle"]) }), ["core/hle"]);
  assertEquals(ids({ seed: 1 }).toSorted(), ids({}));
});

test("selectTests() says that nothing matched, and what was perhaps meant", () => {
  assertThrows(() => ids({ filter: "alram" }), NothingMatched, "did you mean 'alarm'?");
  assertThrows(() => ids({ only: new Set() }), NothingMatched, "no test of the last run has failed");
});

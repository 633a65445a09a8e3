/** The scripts of docs/scripts.md pass, under `bun test` and under `tickproof suites`. */
import { afterAll, beforeAll, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";

const PAGE = resolve(import.meta.dir, "../docs/scripts.md");
/** Below this project, so that "tickproof" is found; git ignores it. */
const ROOT = resolve(import.meta.dir, "../.tickproof");

let folder = "";
/** Names of the scripts, and those of them that only Bun runs. */
const scripts: string[] = [];
const onlyBun: string[] = [];

beforeAll(() => {
  mkdirSync(ROOT, { recursive: true });
  folder = mkdtempSync(join(ROOT, "docs-scripts-"));
  writeFileSync(join(folder, "bunfig.toml"), '[test]\npreload = ["tickproof/bun"]\n');
  const text = readFileSync(PAGE, "utf8");
  for (const [, language, word, code = ""] of text.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)) {
    if (language === "ts") {
      const name = `example-${scripts.length + 1}.test.ts`;
      scripts.push(name);
      if (word === "bun") onlyBun.push(name);
      writeFileSync(join(folder, name), code);
    } else if (word !== undefined) {
      writeFileSync(join(folder, word), code);
    }
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(command: readonly string[]): { code: number; output: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], {
    cwd: folder,
    stdin: "ignore",
    env: {
      ...process.env,
      NO_COLOR: "1",
      TICKPROOF_TRACES: join(folder, "traces"),
      TICKPROOF_HISTORY: join(folder, "history.sqlite"),
    },
  });
  return { code: exitCode, output: `${stdout}${stderr}` };
}

test("scripts.md has a script for each part", () => {
  assert(scripts.length >= 10, `${scripts.length}`);
  assertEquals(onlyBun.length, 1);
});

test(
  "the scripts of scripts.md keep to the types of the API",
  () => {
    const own = {
      extends: "../../tsconfig.json",
      files: ["../../types/modules.d.ts"],
      include: ["*.ts"],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(own));
    assertEquals(run([resolve(ROOT, "../node_modules/.bin/tsc"), "--noEmit"]), { code: 0, output: "" });
  },
  TEST_TIMEOUT,
);

test(
  "the scripts of scripts.md pass under bun test",
  () => {
    const { code, output } = run([process.execPath, "test", "--timeout", "300000"]);
    assertEquals(code, 0, output);
    const passed = Number(/ (\d+) pass\n/.exec(output)?.[1]);
    assert(passed >= scripts.length, output);
  },
  4 * TEST_TIMEOUT,
);

test(
  "the scripts of scripts.md pass under tickproof suites",
  () => {
    const files = scripts.filter((name) => !onlyBun.includes(name));
    const { code, output } = run([...TICKPROOF, "suites", ...files]);
    assertEquals(code, 0, output);
    assertMatch(output, /\d+ passed, 0 failed, \d+ skipped\n/);
  },
  4 * TEST_TIMEOUT,
);

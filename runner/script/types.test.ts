/** The declarations that the package ships: as the sources are, and whole in projects with other settings than ours. */
import { afterAll, beforeAll, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals } from "@std/assert";
import { TYPES, typesText } from "./publish-types.ts";

const ROOT = resolve(import.meta.dir, "../..");
/** Milliseconds that the compiler may take on a busy machine. */
const TEST_TIMEOUT = 240_000;

test(
  "types/tickproof.d.ts is what the sources say: 'npm run types' writes it",
  async () => {
    assertEquals(readFileSync(TYPES, "utf8"), await typesText());
  },
  TEST_TIMEOUT,
);

/** A script with something of each kind that the package exports. */
const SCRIPT = `
import { assertEquals as stdEquals } from "@std/assert";
import { assertReplays, test, type Recording, type Suite } from "tickproof";
import { assertEquals } from "tickproof/assert";
import suite from "./x.suite.yaml";

const checked: Suite = suite;
const names: string[] = checked.tests.map(({ name }) => name);
test("types", { timeout: 5 }, async (t) => {
  const recording: Recording = await t.record("true");
  const { divergence } = await assertReplays(recording);
  assertEquals(divergence, undefined);
  stdEquals(names.length, 1);
  for (const event of recording.events()) if (event.kind === "syscall") assertEquals(event.number > 0, true);
  if (t.signal.aborted) t.skip("late");
});
// @ts-expect-error a name is a text
test(5, () => {});
`;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-foreign-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules/tickproof"));
  writeFileSync(join(folder, "script.test.ts"), SCRIPT);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Everything that may be strict, and nothing but the language: no types of Bun, Node or a browser. */
const STRICT = {
  strict: true,
  noEmit: true,
  target: "es2022",
  lib: ["es2022"],
  types: [],
  skipLibCheck: false,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
};

for (const [title, own] of [
  ["a bundler's resolution", { module: "esnext", moduleResolution: "bundler" }],
  ["Node's resolution", { module: "nodenext", moduleResolution: "nodenext" }],
  ["a browser's types beside it", { module: "esnext", moduleResolution: "bundler", lib: ["es2023", "dom"] }],
] as const) {
  test(
    `a strict project without Bun's types finds nothing wrong with ours: ${title}`,
    () => {
      writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
      const settings = { compilerOptions: { ...STRICT, ...own }, include: ["*.ts"] };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
      const { exitCode, stdout } = Bun.spawnSync([join(ROOT, "node_modules/.bin/tsc"), "-p", folder]);
      assertEquals({ exitCode, stdout: stdout.toString() }, { exitCode: 0, stdout: "" });
    },
    TEST_TIMEOUT,
  );
}

import { afterEach, beforeEach, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { findProject } from "./test-command.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-project-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Projects by their files, and the commands that run their tests. */
const PROJECTS: readonly (readonly [files: Record<string, string>, command: string | undefined])[] = [
  [{ "package.json": '{ "scripts": { "test": "vitest run" } }' }, "npm test"],
  [{ "package.json": '{ "scripts": { "test": "x" } }', "pnpm-lock.yaml": "" }, "pnpm test"],
  [{ "package.json": '{ "scripts": { "test": "x" } }', "yarn.lock": "" }, "yarn test"],
  [{ "package.json": '{ "scripts": { "test": "x" } }', "bun.lock": "" }, "bun run test"],
  [{ "package.json": '{ "devDependencies": { "vitest": "*" } }' }, "npx vitest run"],
  [{ "package.json": '{ "devDependencies": { "jest": "*" } }', "yarn.lock": "" }, "yarn jest"],
  [{ "package.json": "{}", "bun.lock": "" }, "bun test"],
  [
    { "package.json": '{ "scripts": { "test": "echo \\"Error: no test specified\\" && exit 1" } }' },
    undefined,
  ],
  [{ "package.json": "{", Makefile: "check:\n\ttrue\n" }, "make check"],
  [{ "package.json": "null", Makefile: "check:\n\ttrue\n" }, "make check"],
  [{ "package.json": '{ "name": 5, "scripts": null, "devDependencies": [] }', "bun.lock": "" }, "bun test"],
  [{ "package.json": '\ufeff{ "scripts": { "test": "x" } }' }, "npm test"],
  [{ "Cargo.toml": "" }, "cargo test"],
  [{ "go.mod": "" }, "go test ./..."],
  [{ "pytest.ini": "" }, "python3 -m pytest"],
  [{ "test_a.py": "" }, "python3 -m pytest"],
  [{ "CMakeLists.txt": "" }, "ctest --test-dir build"],
  [{ "meson.build": "" }, "meson test -C build"],
  [{ Makefile: "all:\n\ncheck: all\n\t./t\n" }, "make check"],
  [{ Makefile: "test:\n\t./t\n" }, "make test"],
  [{ Makefile: "all:\n" }, undefined],
  [{}, undefined],
];

for (const [files, command] of PROJECTS) {
  test(`findProject(): ${Object.keys(files).join(", ") || "an empty folder"}: ${command ?? "nothing"}`, () => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    assertEquals(findProject(folder).command?.join(" "), command);
  });
}

test("findProject() tells a project's name and why it takes a command", () => {
  assertStringIncludes(folder, findProject(folder).name);
  writeFileSync(join(folder, "package.json"), '{ "name": "mine", "scripts": { "test": "t" } }');
  const { name, because } = findProject(folder);
  assertEquals([name, because], ["mine", "package.json: scripts.test is 't'"]);
});

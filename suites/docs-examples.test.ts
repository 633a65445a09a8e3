/** The examples of the documentation do what it says. */
import { afterAll, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const DOCS = resolve(import.meta.dir, "../docs");
const FOLDER = mkdtempSync(join(tmpdir(), "docs-examples-"));
afterAll(() => rmSync(FOLDER, { recursive: true }));

interface Example {
  readonly title: string;
  readonly code: string;
  /** What it prints, if the page says so. */
  readonly output: string | undefined;
}

/** The TypeScript blocks of a page, each with the `text` block that follows it. */
function examplesOf(page: string): Example[] {
  const text = readFileSync(join(DOCS, page), "utf8");
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?/gms)];
  return blocks.map(({ 1: code = "", 2: output, index }) => {
    const heading =
      text
        .slice(0, index)
        .match(/^## .*$/gm)
        ?.at(-1) ?? page;
    return { title: `${page}:${text.slice(0, index).split("\n").length} ${heading}`, code, output };
  });
}

const examples = ["counters.md"].flatMap(examplesOf);

test("counters.md has examples", () => {
  assert(examples.length >= 6);
});

test.each(examples.map((example) => [example.title, example] as const))("%s", (_title, { code, output }) => {
  const file = join(FOLDER, "example.ts");
  writeFileSync(file, code.replaceAll('from "../', `from "${resolve(DOCS, "..")}/`));
  const child = Bun.spawnSync([process.execPath, file], { cwd: FOLDER });
  assertEquals(child.exitCode, 0, child.stderr.toString());
  if (output !== undefined) assertEquals(child.stdout.toString(), output);
});

/** Manifests of a page, by their suites; with paths that hold in another folder. */
function manifestsOf(page: string): Map<string, string> {
  const text = readFileSync(join(DOCS, page), "utf8");
  const manifests = [...text.matchAll(/^```yaml\n(.*?)^```\n/gms)].map(({ 1: yaml = "" }) =>
    yaml.replaceAll("../suites", resolve(DOCS, "../suites")).replace(/copy: (\S+)/g, `copy: ${DOCS}/$1`),
  );
  return new Map(manifests.map((yaml) => [/^suite: (\S+)$/m.exec(yaml)?.[1] ?? "", yaml]));
}

/** The examples that can be run anywhere; the others are of hosts and bugs. */
const RUN_ANYWHERE = { matrices: 7, "files-and-signals": 2, expectations: 2 };

test.each(Object.entries(RUN_ANYWHERE))("manifests.md: the tests of '%s' pass", (suite, passed) => {
  const file = join(FOLDER, `${suite}.yaml`);
  writeFileSync(file, manifestsOf("manifests.md").get(suite) ?? "");
  const cli = resolve(DOCS, "../runner/cli.ts");
  const child = Bun.spawnSync([process.execPath, cli, "suites", "--no-history", file], {
    cwd: FOLDER,
    env: { ...process.env, TICKPROOF_TRACES: join(FOLDER, "traces") },
  });
  assertStringIncludes(child.stdout.toString(), `${passed} passed, 0 failed`);
  assertEquals(child.exitCode, 0, child.stderr.toString());
});

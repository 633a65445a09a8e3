/** The examples of the documentation do what it says. */
import { afterAll, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals } from "@std/assert";

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
  assertEquals([child.stderr.toString(), child.exitCode], ["", 0]);
  if (output !== undefined) assertEquals(child.stdout.toString(), output);
});

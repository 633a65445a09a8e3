import { expect, test } from "bun:test";
import { SYSCALLS } from "../../ffi/mod.ts";
import { page, readPage } from "./_document.ts";
import { SPECS } from "./table/mod.ts";

test("docs/system-calls.md says what the table says", () => {
  expect(readPage() === page(), "out of date: run 'runner/bun engine/kernel/_document.ts'").toBe(true);
});

test("the page has a line for every system call", () => {
  for (const [name, number] of Object.entries(SYSCALLS)) {
    expect(page()).toContain(`\n| ${number} | \`${name}\` | `);
  }
});

test("of every system call it is said what files it changes", () => {
  const unknown = SPECS.filter((spec) => spec?.changes === "unknown" && spec.errno === undefined);
  expect(unknown.map((spec) => spec?.name)).toEqual([]);
});

/** What only x86-64 has is in `engine/arch/`, and in the layers below it that translate and trace. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REGISTER_NAMES } from "../engine/arch/x86_64/registers.ts";
import { importsOf, ROOT } from "./_imports.ts";

/** Folders that know no register by its name. */
const FREE = /^engine\/(record|replay|session|trace)\//;
/** Tests and their helpers. */
const ASIDE = /\.test\.ts$|\/_[^/]*\.ts$/;

/** What text of a program's messages may say, and comments: only code is looked at. */
const COMMENTS = /\/\*[\s\S]*?\*\/|\/\/.*|`[^`]*`/g;

const NAMES = [...REGISTER_NAMES, "orig_rax", ...REGISTER_NAMES.map((name) => name.toUpperCase())];
const REGISTER = new RegExp(`\\b(${NAMES.join("|")})\\b|\\b(TRAP|RESUME)_FLAG\\b`);

test("recording, replaying, sessions and traces name no register of an architecture", () => {
  const files = [...importsOf(["engine"]).keys()].filter((path) => FREE.test(path) && !ASIDE.test(path));
  expect(files.length).toBeGreaterThan(100);
  const named = files.flatMap((path) => {
    const found = REGISTER.exec(readFileSync(join(ROOT, path), "utf8").replaceAll(COMMENTS, ""));
    return found ? [`${path}: ${found[0]}`] : [];
  });
  expect(named).toEqual([]);
});

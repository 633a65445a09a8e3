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

/** Instructions, and what only they have. Where a module of `engine/arch/` lies is no name of one. */
const INSTRUCTION =
  /\b\w*?(cpuid|rdtsc|rdrand|rdpid|rdpmc|xgetbv|(?<!0)x87|fnst|fnsave|fxsave|xsave|vsyscall|int3(?!\d)|sysenter|pushf|popf|xbegin)\w*/i;
const PLACES = /\bfrom "[^"]*"/g;

test("recording, replaying, sessions and traces name no register and no instruction of an architecture", () => {
  const files = [...importsOf(["engine"]).keys()].filter((path) => FREE.test(path) && !ASIDE.test(path));
  expect(files.length).toBeGreaterThan(100);
  const named = files.flatMap((path) => {
    const code = readFileSync(join(ROOT, path), "utf8").replaceAll(COMMENTS, "").replaceAll(PLACES, "");
    const found = REGISTER.exec(code) ?? INSTRUCTION.exec(code);
    return found ? [`${path}: ${found[0]}`] : [];
  });
  expect(named).toEqual([]);
});

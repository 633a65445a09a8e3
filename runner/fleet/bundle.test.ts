import { test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import { bundleOf, checkedEntries, MOST_BYTES, sha256 } from "./bundle.ts";

const file = (path: string, more: object = {}) => ({
  kind: "file",
  path,
  digest: sha256("x"),
  bytes: 1,
  executable: false,
  ...more,
});
const link = (path: string, target: string) => ({ kind: "link", path, target });

/** Lists of bundles that would write outside of their folder, or too much, and what is said of them. */
const HOSTILE: readonly (readonly [RegExp, readonly object[]])[] = [
  [/is absolute/, [file("/etc/passwd")]],
  [/leads out/, [file("../x")]],
  [/leads out/, [file("a/../../x")]],
  [/leads out/, [file("..")]],
  [/shortest form/, [file("a//x")]],
  [/shortest form/, [file("./x")]],
  [/shortest form/, [file("a/")]],
  [/has a NUL/, [file("a\0b")]],
  [/is there twice/, [file("a"), file("a")]],
  [/link to the absolute path/, [link("a", "/etc")]],
  [/link out of the project/, [link("a", "..")]],
  [/link out of the project/, [link("a/b", "../../x")]],
  [/link out of the project/, [link("a/b", "c/../../../x")]],
  [/below a file or a link/, [link("a", "b"), file("a/x")]],
  [/below a file or a link/, [file("a/x"), file("a")]],
  [/below a file or a link/, [file("a/b/c"), link("a", "b")]],
  [/has \d+ bytes/, [file("a", { bytes: MOST_BYTES }), file("b")]],
  [/not what tickproof writes/, [file("a", { bytes: -1 })]],
  [/not what tickproof writes/, [file("a", { digest: "../../x" })]],
  [/not what tickproof writes/, [file("a", { mode: 0o4755 })]],
  [/not what tickproof writes/, [{ kind: "device", path: "a" }]],
];

test("checkedEntries() refuses what would be written outside of its folder, with the path", () => {
  for (const [words, entries] of HOSTILE) {
    const list = JSON.stringify(entries);
    const { message } = assertThrows(() => checkedEntries(list, sha256(list)), UsageError);
    assertMatch(message, words);
  }
  const good = [file("a/b"), file("a/c"), link("a/d", "../e"), link("f", "a")];
  const list = JSON.stringify(good);
  assertEquals(checkedEntries(list, sha256(list)) as object[], good);
  assertThrows(() => checkedEntries(`${list} `, sha256(list)), UsageError, "digest");
  assertThrows(() => checkedEntries("[", sha256("[")), UsageError, "no JSON");
});

test("bundleOf() lists files by content, without packages of others, and refuses links that lead out", () => {
  const folder = mkdtempSync(join(tmpdir(), "tickproof-bundle-"));
  try {
    for (const path of ["a", "node_modules/b", ".hidden"]) mkdirSync(join(folder, path), { recursive: true });
    for (const path of ["a/one.c", "two.sh", "node_modules/b/x", ".hidden/x"])
      writeFileSync(join(folder, path), "x");
    chmodSync(join(folder, "two.sh"), 0o700);
    symlinkSync("one.c", join(folder, "a/same.c"));
    const { entries, bytes, list, digest } = bundleOf(folder);
    assertEquals(entries as object[], [
      file("a/one.c"),
      link("a/same.c", "one.c"),
      file("two.sh", { executable: true }),
    ]);
    assertEquals([bytes, digest], [2, sha256(list)]);
    symlinkSync("../..", join(folder, "a/out"));
    const { message } = assertThrows(() => bundleOf(folder), UsageError);
    assertMatch(message, /a\/out is a link out of the project, to \.\.\/\.\.: .*gitignore/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

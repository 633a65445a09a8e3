/** Permissions: what a program under test may not do, it does not do. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertReplays, test } from "tickproof";

const SCRIPT = 'echo mine > own; echo theirs > "$1"; echo "said $?"; cat own';
let folder = "";
test.beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-denied-"));
});
test.afterEach(() => rmSync(folder, { recursive: true }));

test("a program writes in its folder, and nowhere else", { permissions: { write: "folder" } }, async (t) => {
  const outside = `${folder}-outside`;
  await using recording = await t.record("sh", ["-c", SCRIPT, "sh", outside], { cwd: folder });
  assertStringIncludes(recording.stderr, "Permission denied");
  assertEquals(recording.stdout, "said 2\nmine\n");
  assertEquals(existsSync(outside), false);
  await assertReplays(recording);
});

test("a recording may be allowed less than its test, not more", {
  permissions: { write: "folder" },
}, async (t) => {
  const write = ["-c", "echo x > own"];
  await using less = await t.record("sh", write, { cwd: folder, permissions: { write: false } });
  assertStringIncludes(less.stderr, "Permission denied");
  await using more = await t.record("sh", ["-c", `echo x > ${folder}-outside`], {
    cwd: folder,
    permissions: { write: true },
  });
  assertStringIncludes(more.stderr, "Permission denied");
});

test("a program without a network has none", { permissions: { net: false } }, async (t) => {
  await using recording = await t.record("../denied/network.c");
  assertStringIncludes(recording.stdout, "socket(AF_INET, SOCK_STREAM, 0): EACCES\n");
  assertStringIncludes(recording.stdout, "socket(AF_UNIX, SOCK_STREAM, 0): done\n");
  await assertReplays(recording);
});

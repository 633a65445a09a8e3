import { afterAll, beforeAll, test } from "bun:test";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals } from "@std/assert";
import { AT_FDCWD } from "../../../ffi/mod.ts";
import type { LastLink } from "../../kernel/mod.ts";
import { descriptorPath, resolvePath, sharesView } from "./resolve-path.ts";

/** The tests themselves are the program whose paths are looked at. */
const OWN = { tid: process.pid, pid: process.pid };

let folder = "";
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "tickproof-paths-")));
  mkdirSync(join(folder, "a/b"), { recursive: true });
  writeFileSync(join(folder, "a/file"), "");
  symlinkSync("a/b", join(folder, "relative"));
  symlinkSync(join(folder, "a"), join(folder, "absolute"));
  symlinkSync("loop", join(folder, "loop"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A path below the test's folder, resolved, without that folder. */
const inFolder = (path: string, last: LastLink = "follow") =>
  resolvePath(OWN, AT_FDCWD, `${folder}/${path}`, last)?.replace(`${folder}/`, "");

test("resolvePath() follows links, and '..' from where they lead to", () => {
  assertEquals(inFolder("./a//b/../file"), "a/file");
  assertEquals(inFolder("relative/../file"), "a/file");
  assertEquals(inFolder("absolute/b/new"), "a/b/new");
  assertEquals(inFolder("missing/new"), "missing/new");
  assertEquals(resolvePath(OWN, AT_FDCWD, "/../../etc", "follow"), "/etc");
});

test("resolvePath() keeps a link at the end where it is asked to, but for a slash behind it", () => {
  assertEquals(inFolder("relative", "keep"), "relative");
  assertEquals(inFolder("relative"), "a/b");
  assertEquals(inFolder("relative/", "keep"), "a/b");
  assertEquals(inFolder("relative/.", "keep"), "a/b");
  assertEquals(inFolder("absolute/missing", "keep"), "a/missing");
});

test("resolvePath() can't tell where loops lead, paths that are too long, empty or no UTF-8", () => {
  assertEquals(inFolder("loop"), undefined);
  assertEquals(inFolder("x".repeat(5000)), undefined);
  assertEquals(resolvePath(OWN, AT_FDCWD, "", "follow"), undefined);
  assertEquals(inFolder("a/\uFFFD"), undefined);
});

test("resolvePath() takes descriptors and links of /proc for the files that they are of", () => {
  const fd = openSync(join(folder, "a"), "r");
  try {
    assertEquals(resolvePath(OWN, fd, "file", "follow"), join(folder, "a/file"));
    assertEquals(descriptorPath(OWN, fd), join(folder, "a"));
    for (const own of ["self", "thread-self", process.pid]) {
      assertEquals(resolvePath(OWN, AT_FDCWD, `/proc/${own}/fd/${fd}/b`, "follow"), join(folder, "a/b"));
    }
  } finally {
    closeSync(fd);
  }
  assertEquals(descriptorPath(OWN, fd), undefined);
});

test("sharesView() holds for this process, and not for one that is gone", () => {
  assertEquals(sharesView(process.pid), true);
  const { pid } = Bun.spawnSync(["true"]);
  assertEquals(sharesView(pid), false);
});

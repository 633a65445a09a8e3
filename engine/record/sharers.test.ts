import { afterAll, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals } from "@std/assert";
import { findSharers } from "./sharers.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "tickproof-sharers-"));
afterAll(() => rmSync(FOLDER, { recursive: true }));

test("findSharers() finds who can write to a file, of all that are asked about, in one pass", () => {
  const sought = ["written", "read", "closed"].map((name) => {
    const path = join(FOLDER, name);
    writeFileSync(path, "");
    return { name: path, inode: `${statSync(path).ino}`, isFile: true };
  });
  const [written, read] = sought;
  const fds = [openSync(written?.name ?? "", "r+"), openSync(read?.name ?? "", "r")];
  try {
    const found = findSharers(new Set(), sought);
    assertEquals(
      [...found].map(([{ name }, sharers]) => [name, sharers.map(({ pid }) => pid)]),
      [[written?.name, [process.pid]]],
    );
    assertEquals(findSharers(new Set([process.pid]), sought), new Map());
  } finally {
    for (const fd of fds) closeSync(fd);
  }
});

import { afterAll, beforeAll, beforeEach, test } from "bun:test";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { create } from "tar";
import { UsageError } from "../errors/mod.ts";
import { pack, unpacked } from "./mod.ts";

let root = "";
const before = process.env.XDG_CACHE_HOME;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "tickproof-packed-"));
});

beforeEach(() => {
  process.env.XDG_CACHE_HOME = mkdtempSync(join(root, "cache-"));
});

afterAll(() => {
  if (before === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = before;
  rmSync(root, { recursive: true });
});

/** A folder as a trace's is. */
function folder(): string {
  const made = mkdtempSync(join(root, "trace-"));
  mkdirSync(join(made, "files"));
  writeFileSync(join(made, "meta.json"), "{}");
  writeFileSync(join(made, "events"), Buffer.from([1, 2, 3]));
  writeFileSync(join(made, "files/000"), "libc");
  return made;
}

/** An archive of a folder as anyone may make it. */
function archive(of: string, members: string[] = ["."], preservePaths = false): string {
  const file = join(mkdtempSync(join(root, "archive-")), "x.tgz");
  create({ cwd: of, file, gzip: true, sync: true, preservePaths }, members);
  return file;
}

const cached = (): string[] => {
  const place = join(process.env.XDG_CACHE_HOME ?? "", "tickproof/unpacked");
  return existsSync(place) ? readdirSync(place) : [];
};

test("what is packed is unpacked as it was, once", () => {
  const from = folder();
  const file = join(root, "good.tgz");
  const { files, bytes } = pack(from, file);
  assertEquals([files, bytes], [3, 9]);
  const to = unpacked(file);
  for (const name of ["meta.json", "events", "files/000"]) {
    assertEquals(readFileSync(join(to, name)), readFileSync(join(from, name)), name);
  }
  writeFileSync(join(to, "mark"), "");
  assertEquals(unpacked(file), to);
  assertEquals(existsSync(join(to, "mark")), true);
});

test("a packed trace holds a trace and nothing else", () => {
  const from = folder();
  writeFileSync(join(from, "files/.hidden"), "");
  assertThrows(() => pack(from, join(root, "bad.tgz")), UsageError, "files/.hidden");
  assertEquals(existsSync(join(root, "bad.tgz")), false);
  assertThrows(() => pack(folder(), join(root, "nowhere/x.tgz")), UsageError, "name another file");
});

test("nothing gets out of the folder, nor is anything but a file made in it", () => {
  const symbolic = folder();
  symlinkSync("/etc/passwd", join(symbolic, "files/001"));
  const hard = folder();
  linkSync(join(hard, "events"), join(hard, "other"));
  const deeper = folder();
  mkdirSync(join(deeper, "files/more"));
  writeFileSync(join(deeper, "files/more/000"), "");
  const above = folder();
  writeFileSync(join(root, "outside"), "mine");
  for (const [file, why] of [
    [archive(symbolic), /SymbolicLink/],
    [archive(hard), /it holds Link/],
    [archive(deeper), /files\/more/],
    [archive(above, ["meta.json", "../outside"], true), /\.\.\/outside/],
    [archive(above, ["meta.json", join(root, "outside")], true), /outside/],
    [archive(above, ["events"]), /no meta\.json/],
  ] as const) {
    const error = assertThrows(() => unpacked(file), UsageError);
    assertMatch(error.message, why);
    assertEquals(cached(), []);
  }
  assertEquals(readFileSync(join(root, "outside"), "utf8"), "mine");
});

test("a file that is no archive, one that is cut, and one that claims too much are refused", () => {
  const text = join(root, "text.tgz");
  writeFileSync(text, "no archive at all");
  assertThrows(() => unpacked(text), UsageError, "is no packed trace");
  const cut = join(root, "cut.tgz");
  pack(folder(), cut);
  truncateSync(cut, readFileSync(cut).length - 20);
  assertThrows(() => unpacked(cut), UsageError, "is no packed trace");
  const large = folder();
  truncateSync(join(large, "events"), 120 << 20);
  assertThrows(() => unpacked(archive(large)), UsageError, "it holds more than");
  assertEquals(cached(), []);
});

test("what an unpacking that was killed has left goes, and what nobody has read for long", () => {
  const place = join(process.env.XDG_CACHE_HOME ?? "", "tickproof/unpacked");
  for (const name of ["a.4194305.new", `b.${process.pid}.new`, "old", "young"]) {
    mkdirSync(join(place, name), { recursive: true });
  }
  utimesSync(join(place, "old"), 1, 1);
  const file = join(root, "sweep.tgz");
  pack(folder(), file);
  const made = unpacked(file).slice(place.length + 1);
  assertEquals(cached().toSorted(), [`b.${process.pid}.new`, "young", made].toSorted());
});

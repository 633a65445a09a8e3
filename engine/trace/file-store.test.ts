import { expect, setSystemTime, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { META, syscalls, temporaryFolder } from "./_fixtures.ts";
import { defaultStore, storeFile } from "./file-store.ts";
import { TraceReader } from "./reader.ts";
import { TraceError } from "./trace-error.ts";
import { TraceWriter } from "./writer.ts";

test("storeFile() copies once and links from then on, never the original", () => {
  using folder = temporaryFolder();
  const [source, store] = [folder.path("source"), folder.path("cache/store")];
  writeSettled(source, "contents");
  storeFile(source, folder.path("one"), store);
  storeFile(source, folder.path("two"), store);
  const [one, two, original] = ["one", "two", "source"].map((name) => statSync(folder.path(name)));
  expect(one?.ino).toBe(two?.ino as number);
  expect(one?.ino).not.toBe(original?.ino as number);
  expect(original?.nlink).toBe(1);
  expect(readdirSync(store).length).toBe(1);
  // A change in place, which a link to the original would show.
  writeFileSync(source, "CONTENTS");
  expect(readFileSync(folder.path("one"), "utf8")).toBe("contents");
  storeFile(source, folder.path("three"), store);
  expect(readFileSync(folder.path("three"), "utf8")).toBe("CONTENTS");
});

test("storeFile() makes a store entry of the wrong size again", () => {
  using folder = temporaryFolder();
  const [source, store] = [folder.path("source"), folder.path("store")];
  writeSettled(source, "contents");
  storeFile(source, folder.path("one"), store);
  const entry = `${store}/${readdirSync(store)[0]}`;
  chmodSync(entry, 0o700);
  writeFileSync(entry, "cut");
  storeFile(source, folder.path("two"), store);
  expect(readFileSync(folder.path("two"), "utf8")).toBe("contents");
  expect(readdirSync(store).length).toBe(1);
});

test("storeFile() copies straight into the trace where the store cannot be made", () => {
  using folder = temporaryFolder();
  writeSettled(folder.path("source"), "contents");
  writeFileSync(folder.path("no-folder"), "");
  storeFile(folder.path("source"), folder.path("one"), folder.path("no-folder/store"));
  expect(readFileSync(folder.path("one"), "utf8")).toBe("contents");
});

test("storeFile() copies where the store is on another file system", () => {
  if (!existsSync("/dev/shm") || statSync("/dev/shm").dev === statSync("/tmp").dev) return;
  using folder = temporaryFolder();
  const store = `/dev/shm/tickproof-test-${process.pid}`;
  try {
    writeSettled(folder.path("source"), "contents");
    storeFile(folder.path("source"), folder.path("one"), store);
    expect(readdirSync(store).length).toBe(1);
    expect(readFileSync(folder.path("one"), "utf8")).toBe("contents");
    expect(statSync(folder.path("one")).nlink).toBe(1);
  } finally {
    Bun.spawnSync(["rm", "-r", store]);
  }
});

test("storeFile() throws for what is no regular file, or cannot be written", () => {
  using folder = temporaryFolder();
  writeSettled(folder.path("source"), "contents");
  const store = folder.path("store");
  expect(() => storeFile("/dev/null", folder.path("one"), store)).toThrow("it is no regular file");
  expect(() => storeFile(folder.path("absent"), folder.path("one"), store)).toThrow(TraceError);
  expect(() => storeFile(folder.path("source"), folder.path("absent/one"), store)).toThrow(TraceError);
  expect(readdirSync(folder.path("")).filter((name) => name.startsWith(".new"))).toEqual([]);
});

test("defaultStore() follows XDG_CACHE_HOME if it is absolute", () => {
  const before = process.env.XDG_CACHE_HOME;
  try {
    process.env.XDG_CACHE_HOME = "/some/cache";
    expect(defaultStore()).toBe("/some/cache/tickproof/files");
    process.env.XDG_CACHE_HOME = "relative";
    expect(defaultStore()).toEndWith("/.cache/tickproof/files");
  } finally {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  }
});

test("addFile() lists a file once per identity, before any event that refers to it", () => {
  using folder = temporaryFolder();
  writeFileSync(folder.path("a"), "AAA");
  writeSettled(folder.path("b"), "BB");
  symlinkSync(folder.path("a"), folder.path("link"));
  mkdirSync(folder.path("runs"));
  const run = folder.path("runs/1");
  const writer = TraceWriter.create(run, META, { store: folder.path("store") });
  expect(writer.addFile({ path: folder.path("a"), name: "/as/seen" })).toBe(0);
  expect(writer.addFile({ path: folder.path("b"), name: "/b" })).toBe(1);
  expect(writer.addFile({ path: folder.path("link"), name: "/other/name" })).toBe(0);
  const reader = TraceReader.open(run);
  expect(reader.files.map(({ path, size }) => ({ path, size }))).toEqual([
    { path: "/as/seen", size: 3 },
    { path: "/b", size: 2 },
  ]);
  expect(readFileSync(reader.filePath(0), "utf8")).toBe("AAA");
  expect(readFileSync(reader.filePath(1), "utf8")).toBe("BB");
  expect(() => reader.filePath(2)).toThrow(RangeError);
  writer.write(syscalls(1)[0]!);
  writer.close();
});

test("filePath() notices contents that are missing or have another size", () => {
  using folder = temporaryFolder();
  writeFileSync(folder.path("a"), "AAA");
  const writer = TraceWriter.create(folder.path("run"), META, { store: folder.path("store") });
  writer.addFile({ path: folder.path("a"), name: "/a" });
  writer.close();
  const reader = TraceReader.open(folder.path("run"));
  const stored = reader.filePath(0);
  chmodSync(stored, 0o700);
  writeFileSync(stored, "AAAA");
  expect(() => reader.filePath(0)).toThrow("The stored contents of /a are 4 bytes instead of 3");
  Bun.spawnSync(["rm", stored]);
  expect(() => reader.filePath(0)).toThrow("The stored contents of /a are missing");
});

test("addFile() copies a file anew if it was changed just now or is volatile", () => {
  using folder = temporaryFolder();
  const source = folder.path("source");
  const writer = TraceWriter.create(folder.path("run"), META, { store: folder.path("store") });
  writeFileSync(source, "one");
  const fresh = writer.addFile({ path: source, name: "/source" });
  Bun.sleepSync(30);
  expect(writer.addFile({ path: source, name: "/source" })).toBe(fresh + 1);
  expect(writer.addFile({ path: source, name: "/source" })).toBe(fresh + 1);
  expect(writer.addFile({ path: source, name: "/source", volatile: true })).toBe(fresh + 2);
  writer.close();
  expect(TraceReader.open(folder.path("run")).files.length).toBe(3);
});

/** Writes a file and waits until its times tell it from a later change. */
function writeSettled(path: string, contents: string): void {
  writeFileSync(path, contents);
  Bun.sleepSync(30);
}

test("storeFile() removes entries that no trace has used for a week, when it adds one", () => {
  using folder = temporaryFolder();
  const store = folder.path("store");
  for (const name of ["kept", "gone"]) {
    writeSettled(folder.path(name), name);
    storeFile(folder.path(name), folder.path(`trace-of-${name}`), store);
  }
  rmSync(folder.path("trace-of-gone"));
  writeSettled(folder.path("later"), "later");
  const aWeekOn = Date.now() + 8 * 24 * 3600 * 1000;
  setSystemTime(aWeekOn);
  try {
    storeFile(folder.path("later"), folder.path("trace-of-later"), store);
  } finally {
    setSystemTime();
  }
  const contents = readdirSync(store).map((name) => readFileSync(`${store}/${name}`, "utf8"));
  expect(contents.toSorted()).toEqual(["kept", "later"]);
});

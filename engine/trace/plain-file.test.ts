import { expect, test } from "bun:test";
import { closeSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { temporaryFolder } from "./_fixtures.ts";
import { openPlain, readPlain } from "./plain-file.ts";

/** Puts something in the way of `name` in a fresh folder, and opens it. */
function opening(name: string, put: (path: string) => void): () => void {
  return () => {
    using folder = temporaryFolder();
    put(folder.path(name));
    closeSync(openPlain(folder.path("."), name).fd);
  };
}

test("openPlain() opens a regular file and tells its length", () => {
  using folder = temporaryFolder();
  mkdirSync(folder.path("files"));
  writeFileSync(folder.path("files/000"), "four");
  const { fd, size } = openPlain(folder.path("."), "files/000");
  closeSync(fd);
  expect(size).toBe(4);
});

test("openPlain() follows a link to the folder itself, and none below it", () => {
  using folder = temporaryFolder();
  mkdirSync(folder.path("trace/files"), { recursive: true });
  writeFileSync(folder.path("trace/files/000"), "");
  symlinkSync(folder.path("trace"), folder.path("latest"));
  closeSync(openPlain(folder.path("latest"), "files/000").fd);
  renameSync(folder.path("trace/files"), folder.path("elsewhere"));
  symlinkSync(folder.path("elsewhere"), folder.path("trace/files"));
  expect(() => openPlain(folder.path("latest"), "files/000")).toThrow("files is no folder, or a link");
});

test("openPlain() neither waits for a FIFO nor opens a device, a folder or a link to one", () => {
  const fifo = (path: string) => expect(Bun.spawnSync(["mkfifo", path]).exitCode).toBe(0);
  expect(opening("events", fifo)).toThrow("it is no regular file");
  expect(opening("events", (path) => mkdirSync(path))).toThrow("it is no regular file");
  for (const target of ["/dev/zero", "/etc/passwd", "nowhere"]) {
    expect(opening("events", (path) => symlinkSync(target, path))).toThrow("it is a link");
  }
  expect(opening("events", () => {})).toThrow("ENOENT");
});

test("readPlain() reads nothing of a file that is longer than it may be", () => {
  using folder = temporaryFolder();
  writeFileSync(folder.path("text"), "naïve");
  expect(readPlain(folder.path("."), "text", 6)).toBe("naïve");
  expect(() => readPlain(folder.path("."), "text", 5)).toThrow("6 bytes are more than 5");
  rmSync(folder.path("text"));
});

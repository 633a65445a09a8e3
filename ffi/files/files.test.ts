import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  cloneFile,
  close,
  copyFileRange,
  ftruncate,
  isErrno,
  KCMP,
  kcmp,
  MAP,
  memfdCreate,
  mmap,
  mprotect,
  munmap,
  O,
  open,
  PROT,
  pread,
  pwrite,
  terminalColumns,
} from "../mod.ts";

test("pwrite() and pread() move more than one window of bytes", () => {
  const fd = memfdCreate("files-test");
  const bytes = Uint8Array.from({ length: 2_500_000 }, (_, index) => index % 251);
  expect(pwrite(fd, bytes, 10)).toBe(bytes.length);
  const back = new Uint8Array(bytes.length + 100);
  expect(pread(fd, back, 10)).toBe(bytes.length);
  expect(Buffer.compare(back.subarray(0, bytes.length), bytes)).toBe(0);
  ftruncate(fd, 12);
  expect(pread(fd, back, 10)).toBe(2);
  close(fd);
});

test("open() names the path in its error", () => {
  expect(() => open("/no/such/file", O.RDONLY)).toThrow("open(/no/such/file) failed: ENOENT");
});

test("open() throws RangeError for a path that the kernel would cut short", () => {
  expect(() => open("/etc/passwd\0x", O.RDONLY)).toThrow(RangeError);
  expect(() => open(`/${"a".repeat(4095)}`, O.RDONLY)).toThrow(RangeError);
  expect(() => open(`/${"é".repeat(2047)}`, O.RDONLY)).toThrow("ENAMETOOLONG");
});

test("kcmp() tells whether two tasks share their memory", () => {
  try {
    expect(kcmp(process.pid, process.pid, KCMP.VM)).toBe(0);
  } catch (error) {
    // A kernel without CONFIG_KCMP is the one reason to have no answer about oneself.
    expect(isErrno(error, "ENOSYS")).toBe(true);
  }
});

test("copyFileRange() and cloneFile() copy, or say that this file system cannot", () => {
  const folder = mkdtempSync(join(tmpdir(), "tickproof-ffi-"));
  const source = open(join(folder, "a"), O.RDWR | O.CREAT);
  const target = open(join(folder, "b"), O.RDWR | O.CREAT);
  pwrite(source, new TextEncoder().encode("hello"), 0);
  expect(copyFileRange(source, target, 5)).toBe(5);
  const back = new Uint8Array(5);
  pread(target, back, 0);
  expect(new TextDecoder().decode(back)).toBe("hello");
  try {
    cloneFile(target, source);
  } catch (error) {
    expect(["EOPNOTSUPP", "ENOTTY", "EINVAL", "EXDEV"]).toContain((error as { code: string }).code);
  }
  close(source);
  close(target);
  rmSync(folder, { recursive: true });
});

test("mmap() maps where it is told", () => {
  const address = 0x1234_5000_0000;
  const flags = MAP.PRIVATE | MAP.ANONYMOUS | MAP.FIXED_NOREPLACE;
  expect(mmap({ address, length: 4096, protection: PROT.READ, flags })).toBe(address);
  expect(() => mmap({ address, length: 4096, protection: PROT.READ, flags })).toThrow("EEXIST");
  mprotect(address, 4096, PROT.NONE);
  munmap(address, 4096);
});

test("terminalColumns() is undefined for what is no terminal", () => {
  const fd = memfdCreate("no-terminal");
  expect(terminalColumns(fd)).toBeUndefined();
  close(fd);
  expect(terminalColumns(-1)).toBeUndefined();
});

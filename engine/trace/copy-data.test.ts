import { expect, test } from "bun:test";
import { closeSync, ftruncateSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { temporaryFolder } from "./_fixtures.ts";
import { copyData, isSparse } from "./copy-data.ts";

const SIZE = 2 ** 40;

test("copyData() copies what is in a file of a terabyte of holes, and no holes", () => {
  using folder = temporaryFolder();
  const source = openSync(folder.path("source"), "w+");
  ftruncateSync(source, SIZE);
  writeSync(source, "start", 0);
  writeSync(source, "middle", SIZE / 2 + 5);
  writeSync(source, "end", SIZE - 3);
  closeSync(source);
  const target = openSync(folder.path("target"), "w+");
  copyData(folder.path("source"), target, SIZE);
  const at = (position: number, length: number): string => {
    const bytes = Buffer.alloc(length);
    readSync(target, bytes, 0, length, position);
    return bytes.toString();
  };
  expect([at(0, 6), at(SIZE / 2 + 5, 6), at(SIZE - 3, 3)]).toEqual(["start\0", "middle", "end"]);
  closeSync(target);
  expect(statSync(folder.path("target")).size).toBe(SIZE);
  expect(isSparse(statSync(folder.path("source")))).toBe(true);
  expect(isSparse(statSync(folder.path("target")))).toBe(true);
});

test("copyData() copies a file without holes, and an empty one", () => {
  using folder = temporaryFolder();
  const bytes = Buffer.alloc(3 << 20, "whole ");
  for (const contents of [bytes, bytes.subarray(0, 0)]) {
    const source = openSync(folder.path("source"), "w");
    writeSync(source, contents);
    closeSync(source);
    expect(isSparse(statSync(folder.path("source")))).toBe(false);
    const target = openSync(folder.path("target"), "w+");
    copyData(folder.path("source"), target, contents.length);
    const copy = Buffer.alloc(contents.length);
    readSync(target, copy, 0, copy.length, 0);
    expect(copy.equals(contents)).toBe(true);
    closeSync(target);
  }
});

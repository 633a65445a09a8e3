import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { inPieces } from "./pieces.ts";

const write = (address: number, ...bytes: number[]) => ({ address, bytes: Uint8Array.from(bytes) });

test("inPieces() leaves what fits as it is", () => {
  assertEquals(inPieces([], 4), [[]]);
  assertEquals(inPieces([write(10, 1, 2), write(20), write(30, 3, 4)], 4), [
    [write(10, 1, 2), write(20), write(30, 3, 4)],
  ]);
});

test("inPieces() cuts a write where a group is full", () => {
  assertEquals(inPieces([write(10, 1), write(20, 2, 3, 4, 5, 6, 7)], 3), [
    [write(10, 1), write(20, 2, 3)],
    [write(22, 4, 5, 6)],
    [write(25, 7)],
  ]);
});

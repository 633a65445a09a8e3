import { afterEach, test } from "bun:test";
import { assert, assertThrows } from "@std/assert";
import { EngineError } from "./engine-error.ts";
import { readOptimisations, uses } from "./optimisations.ts";

afterEach(() => {
  delete process.env.TICKPROOF_NO;
});

test("uses() is true for all that TICKPROOF_NO does not name", () => {
  assert(uses("kept"));
  process.env.TICKPROOF_NO = " kept ,";
  assert(!uses("kept"));
  delete process.env.TICKPROOF_NO;
  assert(uses("kept"));
});

test("readOptimisations() refuses a name that is none, and says which is meant", () => {
  process.env.TICKPROOF_NO = "kept,kpt";
  assertThrows(readOptimisations, EngineError, "TICKPROOF_NO names 'kpt'");
  assertThrows(readOptimisations, EngineError, "kept");
});

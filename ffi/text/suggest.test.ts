import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { didYouMean, nearest } from "./suggest.ts";

test("nearest() finds a swap, a missing letter and a wrong case", () => {
  assertEquals(nearest("--quite", ["--report", "--quiet"]), "--quiet");
  assertEquals(nearest("recrd", ["replay", "record"]), "record");
  assertEquals(nearest("Timeout", ["timeout", "time"]), "timeout");
});

test("nearest() stays silent where nothing is near", () => {
  assertEquals(nearest("xyzzy", ["record", "replay"]), undefined);
  assertEquals(nearest("a", []), undefined);
});

test("didYouMean() is empty without a match", () => {
  assertEquals(didYouMean("dmup", ["dump"]), ": did you mean 'dump'?");
  assertEquals(didYouMean("xyzzy", ["dump"]), "");
});

import { test } from "bun:test";
import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import { parseSends } from "./send-option.ts";

test("parseSends() takes signals with their ticks", () => {
  assertEquals(parseSends("SIGUSR1@1000,SIGTERM@0"), [
    { signal: 10, ticks: 1000 },
    { signal: 15, ticks: 0 },
  ]);
});

test("parseSends() refuses what is no signal or no number of ticks", () => {
  assertThrows(() => parseSends("SIGUSR@1"), UsageError, "did you mean 'SIGUSR1'?");
  assertThrows(() => parseSends("SIGUSR1"), UsageError, "--send takes SIGNAL@TICKS");
  assertThrows(() => parseSends("SIGUSR1@-1"), UsageError, "it is 'SIGUSR1@-1'");
  assertThrows(() => parseSends("SIGUSR1@99999999999999999999"), UsageError, "--send takes");
});

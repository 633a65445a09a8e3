import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { SIGNAL_NAMES, signalName, signalNumber } from "./signals.ts";

test("signalName() and signalNumber() are each other's inverse", () => {
  assertEquals(signalName(15), "SIGTERM");
  assertEquals(signalName(6), "SIGABRT");
  assertEquals(signalNumber("SIGSTKFLT"), 16);
  for (const name of SIGNAL_NAMES)
    assertEquals(signalNumber(signalName(signalNumber(name) ?? 0)), signalNumber(name));
});

test("signalName() knows real-time signals, and no others", () => {
  assertEquals(signalName(34), "SIGRTMIN+2");
  assertEquals(signalName(99), "signal 99");
  assertEquals(signalNumber("SIGNONE"), undefined);
});

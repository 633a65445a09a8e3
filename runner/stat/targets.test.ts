import { test } from "bun:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import { targetsOf } from "./targets.ts";

test("targetsOf() finds processors and the threads of processes, or nobody", () => {
  assertEquals(targetsOf({}), undefined);
  const system = targetsOf({ all: true });
  assertEquals(
    [system?.name, system?.counters[0], system?.alive()],
    ["the system", { pid: -1, cpu: 0 }, true],
  );
  assertEquals(targetsOf({ cpus: "0" })?.name, "processor 0");
  const own = targetsOf({ processes: String(process.pid) });
  assert(own !== undefined && own.counters.length > 1, "all threads of this process");
  assertEquals(targetsOf({ threads: String(process.pid) })?.counters.length, 1);
});

test("targetsOf() refuses what is nobody, and two at once", () => {
  assertThrows(() => targetsOf({ processes: "one" }), UsageError, "current value is 'one'");
  assertThrows(() => targetsOf({ threads: "999999999" }), UsageError, "there is no task 999999999");
  assertThrows(() => targetsOf({ cpus: "4095" }), UsageError, "there is no processor 4095 online");
  assertThrows(() => targetsOf({ cpus: "0-" }), UsageError, "current value is '0-'");
  assertThrows(() => targetsOf({ all: true, processes: "1" }), UsageError, "-p and -a exclude each other");
});

/** Opening on machines that refuse: described hosts answer, so that no PMU and no other user is needed. */
import { test } from "bun:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { createHostModel } from "../../engine/host/mod.ts";
import { SyscallError } from "../../ffi/mod.ts";
import { describedHost, loadProfile } from "../host/mod.ts";
import { statRows } from "./events.ts";
import { closeRows, openRows, readRow } from "./open.ts";

/** Opens events on a Haswell whose kernel has some level of perf_event_paranoid. */
function open(list: string, perfEventParanoid: number) {
  const profile = loadProfile("haswell");
  const kernel = { ...profile.kernel, perfEventParanoid, privileged: false };
  const host = describedHost(createHostModel({ ...profile, kernel }));
  const rows = openRows(statRows(list, host), [{ inherit: true, enableOnExec: true }], {
    system: host.perf,
    host,
  });
  return {
    shown: rows.map((row) => [row.name, row.refused?.state ?? readRow(row).state]),
    reasons: rows.map(({ refused }) => refused?.reason ?? ""),
    [Symbol.dispose]: () => closeRows(rows),
  };
}

test("openRows() counts user mode only where the kernel forbids the rest, and says so in the name", () => {
  using opened = open("cycles,instructions:u,page-faults,cs", 2);
  assertEquals(opened.shown, [
    ["cycles:u", "not-counted"],
    ["instructions:u", "not-counted"],
    ["page-faults:u", "not-counted"],
    // It happens in the kernel: with :u it would read 0 for ever.
    ["cs", "not-supported"],
  ]);
  assertStringIncludes(opened.reasons[3] ?? "", "perf_event_paranoid is 2: lower it");
});

test("openRows() counts both modes where the kernel allows it", () => {
  using opened = open("cycles,cs", 1);
  assertEquals(
    opened.shown.map(([name]) => name),
    ["cycles", "cs"],
  );
});

test("openRows() throws where the user asked for a mode that is forbidden, and where everything is", () => {
  assertThrows(() => open("cycles:k", 2), SyscallError, "perf_event_open(cycles:k) failed: EACCES");
  assertThrows(() => open("cycles", 4), SyscallError, "perf_event_paranoid is 4");
});

test("openRows() does not count the members of a group whose leader is not supported", () => {
  using opened = open("{L1-icache-prefetches:u,cycles:u},cycles:u", 2);
  const [leader, member, alone] = opened.shown;
  assertEquals([leader?.[1], member?.[1]], ["not-supported", "not-supported"]);
  assertStringIncludes(opened.reasons[1] ?? "", "leader of its group");
  assert(alone?.[1] !== "not-supported");
});

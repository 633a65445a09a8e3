/** Described hosts: the same program on a host that loses branches, on one that is mended, and what follows from it. */
import { AssertionError, assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { assertReplays, assertSkipsOn, test } from "tickproof";

const PROGRAM = "../host/in_txcp.c";
const BUGGY = "haswell-kvm-4.7";
const MENDED = "haswell-kvm-fixed";

test("a checkpointed counter stands still in a KVM guest of Linux 4.7, and the recording of that replays", {
  host: BUGGY,
}, async (t) => {
  assertEquals(t.host.name, BUGGY);
  assert(t.host.has("kvm-in-txcp-bug"), t.host.finding("kvm-in-txcp-bug").evidence);
  await using recording = await t.record(PROGRAM);
  assertEquals(recording.exit, { code: 1 });
  assertStringIncludes(recording.stdout, "EXIT-FAILED: a checkpointed counter stood still 2 of 3 times");
  const replay = await assertReplays(recording);
  assertEquals(replay.stdout, recording.stdout);
});

test("it counts where the hypervisor is mended, whatever host the other recordings of a test have", async (t) => {
  await using mended = await t.record(PROGRAM, [], { host: MENDED });
  await using buggy = await t.record(PROGRAM, [], { host: BUGGY });
  assertEquals([mended.exit, buggy.exit], [{ code: 0 }, { code: 1 }]);
  await assertReplays(mended);
});

const NOT_WITH_THE_BUG = {
  unsupported: {
    when: "kvm-in-txcp-bug",
    reason: "branches are lost",
    url: "https://github.com/rr-debugger/rr/issues/1952",
  },
} as const;

test("a test with the condition is skipped on the buggy host only", NOT_WITH_THE_BUG, () => {
  assertStringIncludes(assertSkipsOn(BUGGY), `${BUGGY} has 'kvm-in-txcp-bug' (`);
  const error = assertThrows(() => assertSkipsOn(MENDED), AssertionError);
  assertStringIncludes(error.message, `would be run on ${MENDED} by the embedded engine`);
  assertStringIncludes(error.message, "  kvm-in-txcp-bug: no (");
});

test("assertSkipsOn() looks at other tests, at given conditions, and at engines", () => {
  const other = "a test with the condition is skipped on the buggy host only";
  assertSkipsOn(BUGGY, { test: other });
  assertSkipsOn(BUGGY, { conditions: { requires: "xen" } });
  const forRr = { unsupported: { when: "kvm-in-txcp-bug", engine: "rr" } } as const;
  assertSkipsOn(BUGGY, { conditions: forRr, engine: "rr" });
  assertThrows(() => assertSkipsOn(BUGGY, { conditions: forRr }), AssertionError, "by the embedded engine");
  assertThrows(() => assertSkipsOn(BUGGY), AssertionError, "it names no capability");
  assertThrows(() => assertSkipsOn(BUGGY, { test: "none" }), TypeError, "Cannot find the test 'none'");
});

import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { ERRNO, IN_TX, IN_TXCP, type PerfStep } from "../../ffi/mod.ts";
import { Asking, TICKS } from "./_ask.ts";
import { haswell, KVM } from "./_profiles.ts";

const ABORTED: PerfStep = { do: "aborted-transaction", branches: 30 };
const BRANCHES: PerfStep = { do: "branches", count: 100 };

/** Counts of a plain counter, one in transactions, one checkpointed, one that is both. */
function counters(host: Asking): () => number[] {
  const fds = [0n, IN_TX, IN_TXCP].map((bits) => host.open({ config: TICKS | bits }));
  return () => fds.map((fd) => host.count(fd));
}

test.each([
  ["on hardware", haswell()],
  ["in a guest of KVM", haswell({ hypervisor: { ...KVM, inTxCpFix: true } })],
])(
  "aborted branches stay in a plain counter, and are rolled back in a checkpointed one: %s",
  (_where, profile) => {
    const host = new Asking(profile);
    const counts = counters(host);
    assertEquals(host.run(BRANCHES, ABORTED, BRANCHES), [0, 0, 0]);
    assertEquals(counts(), [230, 30, 200]);
  },
);

test("branches of transactions that commit are in all counters", () => {
  const host = new Asking(haswell());
  const counts = counters(host);
  host.advance({ branches: 100, committedBranches: 40 });
  assertEquals(counts(), [140, 40, 140]);
});

test("a counter that is both has the committed branches alone", () => {
  const host = new Asking(haswell());
  const fd = host.open({ config: TICKS | IN_TX | IN_TXCP });
  host.advance({ branches: 100, committedBranches: 40, abortedBranches: 9 });
  assertEquals(host.count(fd), 40);
});

test("the guard counts nothing as long as nobody uses transactions, whatever happens to the task", () => {
  const guest = new Asking(haswell({ hypervisor: KVM }));
  const guard = guest.open({ config: TICKS | IN_TX });
  const ticks = guest.open({ sample_period: 100_000 });
  for (let round = 0; round < 10; round++) {
    guest.branches(12_345);
    guest.reschedule();
  }
  assertEquals([guest.count(guard), guest.count(ticks)], [0, 123_450]);
  guest.advance({ branches: 0, abortedBranches: 3 });
  assertEquals(guest.count(guard), 3);
});

test("events of elision and of transactions count how they were begun", () => {
  const host = new Asking(haswell());
  // Begun and aborted: of elision, then of transactions.
  const fds = [0x1c8, 0x4c8, 0x1c9, 0x4c9].map((config) => host.open({ config }));
  const counts = () => fds.map((fd) => host.count(fd));
  host.advance({ branches: 0, committedBranches: 5 });
  host.advance({ branches: 0, abortedBranches: 5 });
  assertEquals(counts(), [2, 1, 0, 0]);
  host.run(ABORTED);
  assertEquals(counts(), [2, 1, 1, 1]);
});

test("a step of a transaction needs the instruction, and microcode may abort it before it has run", () => {
  const none = haswell({ cpu: { tsx: { hle: false, rtm: false, alwaysAborts: false } } });
  assertEquals(new Asking(none).run(ABORTED), [-ERRNO.ENOSYS]);
  const aborting = new Asking(haswell({ cpu: { tsx: { hle: true, rtm: true, alwaysAborts: true } } }));
  const fd = aborting.open();
  assertEquals(aborting.run(ABORTED), [-ERRNO.EAGAIN]);
  assertEquals(aborting.count(fd), 0);
});

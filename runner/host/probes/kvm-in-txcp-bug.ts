import { IN_TXCP } from "../../../ffi/mod.ts";
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";
import { BRANCHES, branches, control } from "./_measure.ts";
import { countTransactional } from "./_transactions.ts";

/**
 * Branches before the counter is off and on again. KVM then gives its host a period that is not the greatest one
 * any more; the host refuses the event with EOPNOTSUPP, and nobody tells the guest.
 */
const BEFORE = 312;

/** The bug that drops ticks in silence, on KVM guests whose host has TSX and lacks the fix. */
export const kvmInTxCpBug: Probe = {
  name: "kvm-in-txcp-bug",
  title: "KVM drops ticks of checkpointed counters in silence",
  kind: "harmful",
  measures: `ticks with IN_TXCP and period 0 over exactly ${BRANCHES} branches, DISABLE and ENABLE after ${BEFORE} of them`,
  threshold: `fewer than ${BRANCHES}`,
  source:
    "Linux 4.7, arch/x86/kvm/pmu.c, pmc_reprogram_counter; https://github.com/rr-debugger/rr/issues/1952",
  gates: { engines: [], limits: ["rr"], tests: ["hle"], unless: "rr-software-counters" },
  remedy:
    "update the kernel of KVM's host (the fix passes period 0 for checkpointed events); until then do not use IN_TXCP, and watch IN_TX branches",
  needs: { pmu: "yes" },
  uses: ["in-txcp"],
  run(host, found) {
    const accepted = found.get("in-txcp");
    if (accepted?.state !== "yes") return no("IN_TXCP can't be used, so nothing is lost by it");
    const ticks = countTransactional(host, IN_TXCP, (counter) => [
      control(counter, "ENABLE"),
      branches(BEFORE),
      control(counter, "DISABLE"),
      control(counter, "ENABLE"),
      branches(BRANCHES - BEFORE),
      control(counter, "DISABLE"),
    ]);
    if (typeof ticks !== "number") return ticks;
    const evidence = `${ticks} of ${BRANCHES} branches counted`;
    const numbers = { counted: ticks, expected: BRANCHES };
    return ticks < BRANCHES ? yes(evidence, numbers) : no(evidence, numbers);
  },
};

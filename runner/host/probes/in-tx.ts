import { IN_TX } from "../../../ffi/mod.ts";
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";
import { BRANCHES, branches, control } from "./_measure.ts";
import { countTransactional } from "./_transactions.ts";

/** The guard: a second counter of branches in transactions, which must stay 0 where IN_TXCP can't be used. */
export const inTx: Probe = {
  name: "in-tx",
  title: "branches in transactions can be watched (IN_TX)",
  kind: "fact",
  measures: `ticks with IN_TX (config bit 32) over ${BRANCHES} branches outside of transactions`,
  threshold: "the processor has HLE or RTM, and the event opens and counts none",
  source: "Intel SDM volume 3B, IA32_PERFEVTSELx.IN_TX; https://github.com/rr-debugger/rr/issues/1952",
  gates: { engines: [], tests: [] },
  remedy: "without it a test that uses transactions can't be guarded: skip it, or use the embedded engine",
  needs: { pmu: "yes" },
  run(host) {
    const ticks = countTransactional(host, IN_TX, (counter) => [
      control(counter, "ENABLE"),
      branches(BRANCHES),
      control(counter, "DISABLE"),
    ]);
    if (typeof ticks !== "number") return ticks;
    const evidence = `${ticks} of ${BRANCHES} branches outside of transactions counted`;
    const numbers = { counted: ticks, expected: 0 };
    return ticks === 0 ? yes(evidence, numbers) : no(evidence, numbers);
  },
};

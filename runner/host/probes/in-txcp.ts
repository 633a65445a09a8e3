import { IN_TXCP } from "../../../ffi/mod.ts";
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";
import { BRANCHES, branches, control } from "./_measure.ts";
import { countTransactional } from "./_transactions.ts";

/** A checkpointed counter: an aborted transaction takes its branches back, so that ticks stay the same. */
export const inTxCp: Probe = {
  name: "in-txcp",
  title: "counters can be checkpointed (IN_TXCP)",
  kind: "fact",
  measures: `ticks with IN_TXCP (config bit 33) and period 0 over ${BRANCHES} branches`,
  threshold: "the processor has HLE or RTM, and the event opens and counts any",
  source:
    "Intel SDM volume 3B, IA32_PERFEVTSELx.IN_TXCP; Linux 6.18, arch/x86/events/intel/core.c, hsw_hw_config",
  gates: { engines: [], tests: [] },
  remedy:
    "nothing is lost where programs use no transactions; for those that do, use a processor with TSX, or the embedded engine",
  needs: { pmu: "yes" },
  run(host) {
    const ticks = countTransactional(host, IN_TXCP, (counter) => [
      control(counter, "ENABLE"),
      branches(BRANCHES),
      control(counter, "DISABLE"),
    ]);
    if (typeof ticks !== "number") return ticks;
    const evidence = `${ticks} of ${BRANCHES} branches counted`;
    const numbers = { counted: ticks, expected: BRANCHES };
    return ticks > 0 ? yes(evidence, numbers) : no(evidence, numbers);
  },
};

import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";

/** Transactions without a checkpointed counter: what they abort stays in the ticks. */
export const inTxCpRefused: Probe = {
  name: "in-txcp-refused",
  title: "transactions have no checkpointed counters",
  kind: "harmful",
  measures: "findings of hle, rtm and in-txcp",
  threshold: "hle or rtm is yes, and in-txcp is no",
  source: "https://github.com/rr-debugger/rr/issues/1952",
  gates: { engines: [], limits: ["rr"], tests: ["hle"], unless: "rr-software-counters" },
  remedy:
    "on a virtual machine let the hypervisor pass IN_TXCP on, or hide TSX from the guest; else record programs without transactions only",
  needs: { pmu: "yes" },
  uses: ["hle", "rtm", "in-txcp"],
  run(_host, found) {
    const present = ["hle", "rtm"].filter((name) => found.get(name)?.state === "yes");
    if (present.length === 0) return no("the processor has no transactions");
    const accepted = found.get("in-txcp");
    if (accepted?.state === "yes") return no(accepted.evidence);
    return yes(`${present.join(" and ")} present; ${accepted?.evidence ?? "in-txcp is not known"}`);
  },
};

import { identifyProcessor, PERF_TYPE } from "../../../ffi/mod.ts";
import type { Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";
import { control, measure, openCounter } from "./_measure.ts";

/** Retired lock instructions, SpecLockMapCommit. AMD PPR, PMCx025, umask 8. */
const COMMITTED_SPECULATIVE_LOCKS = 0x510825n;
const ZEN_FAMILIES: readonly number[] = [0x17, 0x19, 0x1a];

/** Zen speculates on locks, and counts the branches of what it then rolls back. */
export const specLockMap: Probe = {
  name: "spec-lock-map",
  title: "SpecLockMap is on (AMD Zen)",
  kind: "harmful",
  measures: `event 0x${COMMITTED_SPECULATIVE_LOCKS.toString(16)} around one lock-prefixed addition`,
  threshold: "1 or more",
  source: "https://github.com/rr-debugger/rr/wiki/Zen",
  gates: { engines: [], limits: ["rr"], tests: ["async_signal_syscalls"], unless: "rr-software-counters" },
  remedy:
    "set bit 54 of MSR 0xc0011020 on every processor (rr's zen_workaround.py; on the host, if this is a guest), or record one thread only",
  needs: { "hardware-events": "yes" },
  run(host) {
    const { vendor, family } = identifyProcessor(host);
    if (vendor !== "AuthenticAMD" || !ZEN_FAMILIES.includes(family)) return no("not an AMD Zen");
    const opened = openCounter(host, {
      type: PERF_TYPE.RAW,
      config: COMMITTED_SPECULATIVE_LOCKS,
      flags: ["disabled", "exclude_kernel", "exclude_guest"],
    });
    if (typeof opened === "string") return unknown(`perf_event_open of the event: ${opened}`);
    using counter = opened;
    const failed = measure(
      host,
      [counter],
      [control(counter, "ENABLE"), { do: "locked-adds", count: 1 }, control(counter, "DISABLE")],
    );
    if (failed) return unknown(failed);
    const evidence = `${counter.words[0]} committed for 1 locked addition`;
    const numbers = { committed: Number(counter.words[0]), lockedAdditions: 1 };
    return numbers.committed > 0 ? yes(evidence, numbers) : no(evidence, numbers);
  },
};

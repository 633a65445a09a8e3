import { cpuMask } from "../performance-cores.ts";
import { isSince, KNOWS_CORE_KINDS } from "../rr-versions.ts";
import type { Finding, Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";
import { RR_VERSION, rrRelease } from "./_rr.ts";

const CORE = "/sys/devices/cpu_core/cpus";

function count(mask: bigint): number {
  return mask.toString(2).replaceAll("0", "").length;
}

/** A hybrid processor has an event of ticks for each kind of core; older releases of rr know that of performance cores alone. */
export const rrCoreKind: Probe = {
  name: "rr-core-kind",
  title: "rr records on cores whose branches it counts",
  kind: "good",
  measures: `${CORE}, which processors this process may use, and ${RR_VERSION}`,
  threshold: `all cores are alike, or only performance cores may be used, or rr ${KNOWS_CORE_KINDS} or later`,
  source: `rr ${KNOWS_CORE_KINDS}, its release notes and CPUs.cc, hybrid_cpu_arch_groups; https://github.com/rr-debugger/rr/issues/3338 and 3402`,
  gates: { engines: [], limits: ["rr"], tests: [], unless: "rr-software-counters" },
  remedy: `use rr ${KNOWS_CORE_KINDS} or later, or keep it on performance cores (taskset -c LIST rr record …)`,
  run(host): Finding {
    const list = host.readFile(CORE)?.trim();
    if (list === undefined) return yes("all cores are of one kind");
    const allowed = host.allowedProcessors();
    if (allowed === undefined) return unknown("which processors may be used is not told");
    const others = count(allowed & ~cpuMask(list));
    const [all, numbers] = [count(allowed), { allowed: count(allowed), others }];
    if (others === 0) return yes("this process may use performance cores alone", numbers);
    const { release, version } = rrRelease(host);
    if (isSince(release, KNOWS_CORE_KINDS)) return yes(`${version} prefers performance cores`, numbers);
    const evidence = `${version} records on any of ${all} processors, and counts nothing on ${others} of them, which are no performance cores`;
    return {
      ...no(evidence, numbers),
      remedy: `use rr ${KNOWS_CORE_KINDS} or later, or keep it on performance cores (taskset -c ${list} rr record …)`,
    };
  },
};

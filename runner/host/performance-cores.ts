/**
 * Hybrid processors: each kind of core has a PMU of its own, and an event of one counts nothing on the other. The
 * probes count on performance cores, so their measurements have to run there.
 */
import { getAffinity, type HostFacts, type PerfSystem, parseCpuList, setAffinity } from "../../ffi/mod.ts";

/** Processors that the PMU of performance cores belongs to; there is no such file where all cores are alike. */
const CORES = "/sys/devices/cpu_core/cpus";

/** Processors of a list as the kernel writes them ("0-3,8"), one bit each. */
export function cpuMask(list: string): bigint {
  return parseCpuList(list).reduce((mask, cpu) => mask | (1n << BigInt(cpu)), 0n);
}

/**
 * The same system calls, with the calling thread on performance cores during straight runs.
 *
 * @param perf The system calls of this kernel.
 * @param facts Files of this host.
 * @returns `perf` itself where all cores are alike, or where this thread may use none of the performance cores.
 */
export function onPerformanceCores(perf: PerfSystem, facts: Pick<HostFacts, "readFile">): PerfSystem {
  const list = facts.readFile(CORES);
  if (list === undefined) return perf;
  const cores = cpuMask(list);
  return {
    ...perf,
    run(steps) {
      const before = getAffinity(0);
      if ((before & cores) === 0n) return perf.run(steps);
      setAffinity(0, before & cores);
      try {
        return perf.run(steps);
      } finally {
        setAffinity(0, before);
      }
    },
  };
}

/** The machine that a trace was recorded on: what someone needs to judge why it replays differently elsewhere. */
import { readFileSync } from "node:fs";
import { cpus, hostname, release } from "node:os";

/** A host, as `meta.json` describes it. */
export interface HostInfo {
  /** Kernel release, as `uname -r` prints it. */
  kernel: string;
  /** Model name of the first CPU. */
  cpu: string;
  cores: number;
  hostname: string;
  /** Whether the CPU says that it is virtual: then a PMU is often missing. */
  hypervisor: boolean;
}

/** Describes this host. */
export function describeHost(): HostInfo {
  const processors = cpus();
  return {
    kernel: release(),
    cpu: processors[0]?.model ?? "unknown",
    cores: processors.length,
    hostname: hostname(),
    hypervisor: /^flags\s*:.*\bhypervisor\b/m.test(readFileSync("/proc/cpuinfo", "utf8")),
  };
}

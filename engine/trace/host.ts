/** The machine that a trace was recorded on: what someone needs to judge why it replays differently elsewhere. */
import { readFileSync } from "node:fs";
import { hostname, release } from "node:os";

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
  // Read here and not by cpus(), which asks for every core's clock too, in ten times the time.
  const processors = readFileSync("/proc/cpuinfo", "utf8");
  return {
    kernel: release(),
    cpu: /^model name\s*:\s*(.*)$/m.exec(processors)?.[1] ?? "unknown",
    cores: processors.match(/^processor\s*:/gm)?.length ?? 0,
    hostname: hostname(),
    hypervisor: /^flags\s*:.*\bhypervisor\b/m.test(processors),
  };
}

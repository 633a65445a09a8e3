import { identifyProcessor } from "../../../ffi/mod.ts";
import { wantsFreezeOnSmi } from "../rr-versions.ts";
import type { Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";

/** Hybrid processors have one PMU for each kind of core. */
const FILES = ["/sys/devices/cpu/freeze_on_smi", "/sys/devices/cpu_core/freeze_on_smi"];

/** Firmware that runs in system management mode adds to the counters, unless they are told to stand still. */
export const smiCounted: Probe = {
  name: "smi-counted",
  title: "freeze_on_smi is off, so that firmware adds ticks",
  kind: "harmful",
  measures: FILES.join(" or "),
  threshold: "other than 1, on Intel from Comet Lake on",
  source:
    "Linux 6.18, arch/x86/events/intel/core.c, freeze_on_smi_store; https://github.com/rr-debugger/rr (PerfCounters_x86.h); Intel SDM volume 3B, IA32_DEBUGCTL.FREEZE_WHILE_SMM",
  gates: { engines: [], limits: ["rr"], tests: [], unless: "rr-software-counters" },
  remedy: "echo 1 > /sys/devices/cpu/freeze_on_smi",
  needs: { "hardware-events": "yes" },
  run(host) {
    const cpu = identifyProcessor(host);
    if (cpu.vendor !== "GenuineIntel") return no("not an Intel processor");
    if (!wantsFreezeOnSmi(cpu)) return no("older than Comet Lake");
    for (const file of FILES) {
      const value = host.readFile(file)?.trim();
      if (value !== undefined) return value === "1" ? no(`${file} is 1`) : yes(`${file} is ${value}`);
    }
    return unknown("the kernel has no freeze_on_smi");
  },
};

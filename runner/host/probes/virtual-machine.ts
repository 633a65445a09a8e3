import { hypervisorOf } from "../hypervisor.ts";
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";

/** A virtual machine has as much of a PMU as its hypervisor passes on, with the hypervisor's bugs. */
export const virtualMachine: Probe = {
  name: "virtual-machine",
  title: "this is a virtual machine",
  kind: "fact",
  measures:
    "cpuid leaf 1, ecx bit 31, and leaf 0x40000000; /sys/hypervisor; DMI, which alone tells on aarch64",
  threshold: "the bit is set, or /sys/hypervisor/type says xen; on aarch64 DMI names a hypervisor's machine",
  source:
    "Linux 6.18, arch/x86/kernel/cpu/hypervisor.c, detect_hypervisor_vendor; Documentation/ABI/stable/sysfs-hypervisor-xen",
  gates: { engines: [], tests: [] },
  remedy: "for measurements by hardware that are beyond doubt, use a machine without a hypervisor",
  run(host) {
    const hypervisor = hypervisorOf(host);
    if (hypervisor === undefined) return no("neither cpuid nor DMI tells of a hypervisor");
    const { kind, signature, version, product } = hypervisor;
    const name = kind === "other" ? "an unknown hypervisor" : kind;
    const details = [signature && `"${signature}"`, version && `version ${version}`, product];
    return yes([name, ...details].filter(Boolean).join(", "));
  },
};

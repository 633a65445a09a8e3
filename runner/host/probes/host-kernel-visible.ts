import { hypervisorOf } from "../hypervisor.ts";
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";
import { osRelease } from "./_release.ts";

/** The kernel whose perf code has the last word: this one, or that of the hypervisor, which guests can't see. */
export const hostKernelVisible: Probe = {
  name: "host-kernel-visible",
  title: "the kernel that owns the PMU can be seen",
  kind: "fact",
  measures: "the kernel's release on hardware; the hypervisor's version in a guest",
  threshold: "there is one to be seen",
  source:
    "Linux 6.18, arch/x86/kernel/kvm.c, kvm_arch_para_features: KVM shows its features to guests, and no version",
  gates: { engines: [], tests: [] },
  remedy: "ask who runs the host for its kernel's release; the probes of bugs measure what it does",
  run(host) {
    const hypervisor = hypervisorOf(host);
    if (hypervisor === undefined) return yes(`this kernel: ${osRelease(host) ?? "unknown release"}`);
    if (hypervisor.version !== undefined) return yes(`${hypervisor.kind} ${hypervisor.version}`);
    return no(`a guest of ${hypervisor.kind} is not told`);
  },
};

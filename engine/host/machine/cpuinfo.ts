/** /proc/cpuinfo of a described host. Source: arch/x86/kernel/cpu/proc.c. */
import type { HostProfile } from "../profile.ts";

/** What every described processor has; see `cpuid.ts`. */
const FLAGS =
  "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ht syscall nx " +
  "rdtscp lm constant_tsc pni pclmulqdq ssse3 cx16 sse4_1 sse4_2 popcnt lahf_lm";

/** The file, without its last newline. */
export function cpuInfo({ cpu, pmu, hypervisor }: HostProfile): string {
  const intel = cpu.vendor === "GenuineIntel";
  const seesPmu = hypervisor.kind === "none" ? pmu.counters > 0 : hypervisor.vpmu;
  const flags = [
    FLAGS,
    ...(seesPmu && intel ? ["arch_perfmon"] : []),
    ...(seesPmu && !intel ? ["perfctr_core"] : []),
    ...(hypervisor.kind === "none" ? [] : ["hypervisor"]),
    ...(cpu.tsx.hle ? ["hle"] : []),
    ...(cpu.tsx.rtm ? ["rtm"] : []),
  ].join(" ");
  const blocks = Array.from({ length: cpu.cores }, (_, index) =>
    [
      `processor\t: ${index}`,
      `vendor_id\t: ${cpu.vendor}`,
      `cpu family\t: ${cpu.family}`,
      `model\t\t: ${cpu.model}`,
      `model name\t: ${cpu.name}`,
      `stepping\t: ${cpu.stepping}`,
      "cpu MHz\t\t: 2000.000",
      "cache size\t: 8192 KB",
      "physical id\t: 0",
      `siblings\t: ${cpu.cores}`,
      `core id\t\t: ${index}`,
      `cpu cores\t: ${cpu.cores}`,
      "fpu\t\t: yes",
      "cpuid level\t: 10",
      "wp\t\t: yes",
      `flags\t\t: ${flags}`,
      "bogomips\t: 4000.00",
      "clflush size\t: 64",
      "address sizes\t: 46 bits physical, 48 bits virtual",
      "",
    ].join("\n"),
  );
  return blocks.join("\n");
}

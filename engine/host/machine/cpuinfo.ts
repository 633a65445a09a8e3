/** /proc/cpuinfo of a described host. Source: arch/x86/kernel/cpu/proc.c, arch/arm64/kernel/cpuinfo.c (c_show, 6.10). */
import { implementerCode, isAarch64 } from "../../../ffi/mod.ts";
import type { HostProfile } from "../profile.ts";

/** What every described processor has; see `cpuid.ts`. */
const FLAGS =
  "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ht syscall nx " +
  "rdtscp lm constant_tsc pni pclmulqdq ssse3 cx16 sse4_1 sse4_2 popcnt lahf_lm";

/** What described cores of aarch64 have, but for atomics: those of a Neoverse N1. */
const ARM_FEATURES = "fp asimd evtstrm aes pmull sha1 sha2 crc32";
const ARM_MORE_FEATURES = "fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp ssbs";

function armCpuInfo({ cpu }: HostProfile): string {
  const features = [ARM_FEATURES, ...(cpu.lse ? ["atomics"] : []), ARM_MORE_FEATURES].join(" ");
  const hex = (number: number, digits: number) => `0x${number.toString(16).padStart(digits, "0")}`;
  const block = (index: number) =>
    [
      `processor\t: ${index}`,
      "BogoMIPS\t: 243.75",
      `Features\t: ${features}`,
      `CPU implementer\t: ${hex(implementerCode(cpu.vendor), 2)}`,
      "CPU architecture: 8",
      `CPU variant\t: ${hex(cpu.stepping >> 4, 1)}`,
      `CPU part\t: ${hex(cpu.model, 3)}`,
      `CPU revision\t: ${cpu.stepping & 0xf}`,
      "",
    ].join("\n");
  return Array.from({ length: cpu.cores }, (_, index) => block(index)).join("\n");
}

/** MIDR_EL1 as the kernel shows it: implementer, variant, 15, part, revision. */
export function midrOf({ vendor, model, stepping }: HostProfile["cpu"]): string {
  const code = implementerCode(vendor);
  const architecture = code === 0 ? 0 : 0xf;
  const midr =
    code * 2 ** 24 + ((stepping >> 4) << 20) + (architecture << 16) + (model << 4) + (stepping & 0xf);
  return `0x${midr.toString(16).padStart(16, "0")}`;
}

/** The file, without its last newline. */
export function cpuInfo(profile: HostProfile): string {
  if (isAarch64(profile.cpu)) return armCpuInfo(profile);
  const { cpu, pmu, hypervisor } = profile;
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

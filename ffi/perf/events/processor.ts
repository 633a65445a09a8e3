/** Which processor a host has, as cpuid tells it on x86, and MIDR_EL1 on aarch64. */

import type { HostFacts } from "../facts.ts";

/** Vendor and the numbers that vendors number their processors with, as `/proc/cpuinfo` shows them. */
export interface ProcessorId {
  /** "GenuineIntel", "AuthenticAMD", "HygonGenuine"…; of aarch64 who has designed the core: "ARM", "Ampere", "Apple"… */
  readonly vendor: string;
  /** Of aarch64 the architecture, 8 for all. */
  readonly family: number;
  /** Of aarch64 the part number. */
  readonly model: number;
  /** Of aarch64 variant << 4 | revision: 0x31 is r3p1. */
  readonly stepping: number;
}

/** Who has designed a core. arch/arm64/include/asm/cputype.h, ARM_CPU_IMP_… (6.18). */
const IMPLEMENTERS: ReadonlyMap<number, string> = new Map([
  [0x41, "ARM"],
  [0x42, "Broadcom"],
  [0x43, "Cavium"],
  [0x46, "Fujitsu"],
  [0x48, "HiSilicon"],
  [0x4e, "NVIDIA"],
  [0x50, "APM"],
  [0x51, "Qualcomm"],
  [0x61, "Apple"],
  [0x6d, "Microsoft"],
  [0xc0, "Ampere"],
]);
/** Where the kernel shows MIDR_EL1 of the first processor. Documentation/arch/arm64/cpu-feature-registers.rst. */
export const MIDR_FILE = "/sys/devices/system/cpu/cpu0/regs/identification/midr_el1";
/** ARMv8 and later say 15 in MIDR_EL1, and 8 in /proc/cpuinfo. */
const AARCH64_FAMILY = 8;

/** Who a core is of by the number in MIDR_EL1; "implementer 0x00" for one that nobody knows. */
export function implementerName(code: number): string {
  return IMPLEMENTERS.get(code) ?? `implementer 0x${code.toString(16).padStart(2, "0")}`;
}

/** The number of an implementer. */
export function implementerCode(name: string): number {
  const known = [...IMPLEMENTERS].find(([, known]) => known === name)?.[0];
  return known ?? Number.parseInt(/^implementer 0x([0-9a-f]{2})$/.exec(name)?.[1] ?? "0", 16);
}

/** Takes MIDR_EL1 apart: implementer, variant, architecture, part, revision. arch/arm64/include/asm/cputype.h, MIDR_…_SHIFT. */
export function armProcessorId(midr: number): ProcessorId {
  const field = (from: number, bits: number) => (midr >>> from) & ((1 << bits) - 1);
  return {
    vendor: implementerName(field(24, 8)),
    family: AARCH64_FAMILY,
    model: field(4, 12),
    stepping: (field(20, 4) << 4) | field(0, 4),
  };
}

/** Whether it is a processor of aarch64: no vendor of x86 has a short name, as cpuid has twelve letters. */
export function isAarch64({ vendor }: Pick<ProcessorId, "vendor">): boolean {
  return vendor.startsWith("implementer ") || [...IMPLEMENTERS.values()].includes(vendor);
}

/**
 * Takes the signature of a processor apart (cpuid leaf 1, eax).
 *
 * Source: Intel SDM volume 2, CPUID, "Version Information"; AMD APM volume 3, E.3.2. The extended fields count in the
 * families 6 (model) and 15 (model and family), as in arch/x86/lib/cpu.c.
 */
export function processorId(vendor: string, signature: number): ProcessorId {
  const field = (from: number, bits: number) => (signature >>> from) & ((1 << bits) - 1);
  const base = field(8, 4);
  const family = base === 0xf ? base + field(20, 8) : base;
  const model = field(4, 4) | (family >= 6 ? field(16, 4) << 4 : 0);
  return { vendor, family, model, stepping: field(0, 4) };
}

/**
 * The processor of a host.
 *
 * @param host Its cpuid says nothing but zeros where the architecture has no such instruction; then its files are asked.
 */
export function identifyProcessor(host: Pick<HostFacts, "cpuid" | "readFile">): ProcessorId {
  const [, ebx, ecx, edx] = host.cpuid(0);
  if ((ebx | ecx | edx) === 0) {
    const midr = host.readFile(MIDR_FILE);
    if (midr !== undefined) return armProcessorId(Number(midr));
  }
  const vendor = new TextDecoder().decode(Uint32Array.of(ebx, edx, ecx));
  return processorId(vendor, host.cpuid(1)[0]);
}

/** Which processor a host has, as cpuid tells it. */

import type { HostFacts } from "../facts.ts";

/** Vendor and the numbers that vendors number their processors with, as `/proc/cpuinfo` shows them. */
export interface ProcessorId {
  /** "GenuineIntel", "AuthenticAMD", "HygonGenuine"… */
  readonly vendor: string;
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
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

/** The processor of a host. */
export function identifyProcessor(host: Pick<HostFacts, "cpuid">): ProcessorId {
  const [, ebx, ecx, edx] = host.cpuid(0);
  const vendor = new TextDecoder().decode(Uint32Array.of(ebx, edx, ecx));
  return processorId(vendor, host.cpuid(1)[0]);
}

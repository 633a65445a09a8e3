/** Which processor a host has, from cpuid alone: what probes and tables of processors are keyed by. */
import type { Host } from "./types.ts";

/** A processor. */
export interface Cpu {
  /** "GenuineIntel", "AuthenticAMD", … */
  readonly vendor: string;
  /** Display family, model and stepping, as `/proc/cpuinfo` has them. */
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
}

/** Text of registers of cpuid, four letters each. */
export function cpuidText(...words: readonly number[]): string {
  return String.fromCharCode(
    ...words.flatMap((word) => [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff)),
  );
}

/** Identifies the processor. Intel SDM volume 2, CPUID: figure "Version Information Returned in EAX". */
export function cpuOf(host: Host): Cpu {
  const [, b, c, d] = host.cpuid(0);
  const [version] = host.cpuid(1);
  const baseFamily = (version >>> 8) & 15;
  const family = baseFamily === 15 ? 15 + ((version >>> 20) & 0xff) : baseFamily;
  const extended = baseFamily === 15 || baseFamily === 6 ? (version >>> 12) & 0xf0 : 0;
  return {
    vendor: cpuidText(b, d, c),
    family,
    model: extended | ((version >>> 4) & 15),
    stepping: version & 15,
  };
}

/** "AuthenticAMD family 0x1a model 0x02 stepping 1". */
export function cpuWords({ vendor, family, model, stepping }: Cpu): string {
  const hex = (number: number) => `0x${number.toString(16).padStart(2, "0")}`;
  return `${vendor} family ${hex(family)} model ${hex(model)} stepping ${stepping}`;
}

/** Word of leaf 7 that says what the processor has of transactional memory. */
export function extendedFeatures(host: Host): { readonly ebx: number; readonly edx: number } {
  if (host.cpuid(0)[0] < 7) return { ebx: 0, edx: 0 };
  const [, ebx, , edx] = host.cpuid(7, 0);
  return { ebx, edx };
}

/** Whether bit `index` of a word is set. */
export function bit(word: number, index: number): boolean {
  return ((word >>> index) & 1) === 1;
}

/** cpuid leaf 1, ecx bit 31: set by every hypervisor, clear on hardware. */
export function hasHypervisorBit(host: Host): boolean {
  return bit(host.cpuid(1)[2], 31);
}

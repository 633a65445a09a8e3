/** What cpuid tells of a processor, besides which one it is. */
import { isAarch64, type ProcessorId } from "../../ffi/mod.ts";
import type { Host } from "./types.ts";

/** Text of registers of cpuid, four letters each. */
export function cpuidText(...words: readonly number[]): string {
  return String.fromCharCode(
    ...words.flatMap((word) => [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff)),
  );
}

/** "AuthenticAMD family 0x1a model 0x02 stepping 1"; "ARM part 0xd0c r3p1". */
export function processorWords({ vendor, family, model, stepping }: ProcessorId): string {
  if (isAarch64({ vendor })) {
    return `${vendor} part 0x${model.toString(16).padStart(3, "0")} r${stepping >> 4}p${stepping & 0xf}`;
  }
  const hex = (number: number) => `0x${number.toString(16).padStart(2, "0")}`;
  return `${vendor} family ${hex(family)} model ${hex(model)} stepping ${stepping}`;
}

/** Words of leaf 7 that say what the processor has of transactional memory; 0 where there is no such leaf. */
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

/** The processor's own answers to instructions that the engine emulates for a tracee. */

import { nativeFunction, WORD } from "../kernel/mod.ts";
import { loadCode, NativeBuffer } from "../memory/mod.ts";
import { CPU_LISTING } from "../stubs/cpu.ts";

const code = loadCode(CPU_LISTING);
const out = NativeBuffer.map(16);

const callCpuid = nativeFunction<(leaf: number, subleaf: number, out: number) => void>(
  code("cpuid_stub"),
  ["u32", "u32", WORD],
  "void",
);
const callRdtsc = nativeFunction<() => bigint>(code("rdtsc_stub"), [], "u64");
const callRdtscp = nativeFunction<(aux: number) => bigint>(code("rdtscp_stub"), [WORD], "u64");
const callRdrand = nativeFunction<(out: number) => number>(code("rdrand_stub"), [WORD], "u32");
const callRdseed = nativeFunction<(out: number) => number>(code("rdseed_stub"), [WORD], "u32");
const callXgetbv = nativeFunction<(index: number) => bigint>(code("xgetbv_stub"), ["u32"], "u64");

/** What cpuid leaves in eax, ebx, ecx and edx, as unsigned 32-bit numbers. */
export type CpuidResult = readonly [eax: number, ebx: number, ecx: number, edx: number];

/** `cpuid` with eax = leaf and ecx = subleaf. */
export function cpuid(leaf: number, subleaf = 0): CpuidResult {
  callCpuid(leaf >>> 0, subleaf >>> 0, out.address);
  const { u32 } = out;
  return [u32[0]!, u32[1]!, u32[2]!, u32[3]!];
}

/** Which of the instructions below this processor has; using another raises SIGILL, which ends Bun. */
export interface CpuFeatures {
  readonly rdtscp: boolean;
  readonly rdrand: boolean;
  readonly rdseed: boolean;
  readonly rdpid: boolean;
  /** XSAVE enabled by the kernel (OSXSAVE): xgetbv works. */
  readonly xgetbv: boolean;
}

/** Features by cpuid (Intel SDM volume 2, CPUID: leaves 1, 7 and 0x80000001). */
export function cpuFeatures(): CpuFeatures {
  const basic = cpuid(1);
  const [, extendedB, extendedC] = cpuid(0)[0] >= 7 ? cpuid(7) : [0, 0, 0, 0];
  const highD = cpuid(0x8000_0000)[0] >= 0x8000_0001 ? cpuid(0x8000_0001)[3] : 0;
  const bit = (word: number, index: number) => ((word >>> index) & 1) === 1;
  return {
    rdtscp: bit(highD, 27),
    rdrand: bit(basic[2], 30),
    rdseed: bit(extendedB, 18),
    rdpid: bit(extendedC, 22),
    xgetbv: bit(basic[2], 27),
  };
}

/** The time-stamp counter, in reference cycles. Not serialising. */
export function rdtsc(): bigint {
  return callRdtsc();
}

/**
 * The time-stamp counter with IA32_TSC_AUX, which Linux fills with `node << 12 | cpu`; `rdpid` reads the same.
 */
export function rdtscp(): { readonly tsc: bigint; readonly aux: number } {
  const tsc = callRdtscp(out.address);
  return { tsc, aux: out.u32[0]! };
}

/** 64 random bits, or undefined when the generator has none ready (carry flag 0): try again. */
export function rdrand(): bigint | undefined {
  return callRdrand(out.address) === 1 ? out.u64[0] : undefined;
}

/** As {@link rdrand}, from the entropy source itself; it runs dry much sooner. */
export function rdseed(): bigint | undefined {
  return callRdseed(out.address) === 1 ? out.u64[0] : undefined;
}

/** Extended control register: 0 is XCR0, the state components that the kernel has enabled. */
export function xgetbv(index: number): bigint {
  return callXgetbv(index);
}

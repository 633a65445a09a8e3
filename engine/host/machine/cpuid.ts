/**
 * cpuid of a described host. Of the features that programs choose their code by, it has those of x86-64-v2 only: a
 * program that is recorded on a described host still runs on the processor that is there. On aarch64 there is none: zeros.
 * Source: Intel SDM volume 2, CPUID; AMD APM volume 3, appendix E; of hypervisors see {@link SIGNATURES}.
 */
import { type CpuidResult, isAarch64 } from "../../../ffi/mod.ts";
import type { PmuLayout } from "../pmu/layout.ts";
import type { CpuProfile, HostProfile, Hypervisor } from "../profile.ts";

/** Leaf 0x40000000: Linux, arch/x86/include/asm/kvm_para.h, xen/hypervisor.h; arch/x86/kernel/cpu/vmware.c. */
const SIGNATURES = {
  kvm: { text: "KVMKVMKVM\0\0\0", last: 0x4000_0001 },
  xen: { text: "XenVMMXenVMM", last: 0x4000_0004 },
  vmware: { text: "VMwareVMware", last: 0x4000_0010 },
  "hyper-v": { text: "Microsoft Hv", last: 0x4000_000b },
} as const;

/** Leaf 0x40000001 of KVM: its clock, no I/O delay, steal time, end of interrupt, kicks (uapi/asm/kvm_para.h). */
const KVM_FEATURES = 0x4000_0001;
const KVM_FEATURE_BITS = 0x0100_00eb;
/** Leaf 0x40000010 of VMware: frequencies of TSC and local APIC in kHz (arch/x86/kernel/cpu/vmware.c). */
const VMWARE_TIMING = 0x4000_0010;
const TSC_KHZ = 2_000_000;
const BUS_KHZ = 66_000;

/** SSE3, PCLMUL, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT; PDCM comes with counters; x86-64's own in edx. */
const FEATURES_C = 0x0098_2203;
const PDCM = 1 << 15;
const HYPERVISOR = 1 << 31;
const FEATURES_D = 0x178b_fbff;
/** Leaf 7. */
const HLE = 1 << 4;
const RTM = 1 << 11;
const RTM_ALWAYS_ABORT = 1 << 11;
/** Leaf 0x80000001: LAHF; SYSCALL, NX, RDTSCP, long mode; AMD's six counters. */
const EXTENDED_C = 1;
const EXTENDED_D = 0x2810_0800;
const PERFCTR_CORE = 1 << 23;
/** Intel's last basic leaf here is the one of the PMU. */
const LAST_INTEL = 10;
const LAST_AMD = 7;
const LAST_EXTENDED = 0x8000_0022;
/** Version of AMD's performance monitoring from which on the leaf tells of it. */
const PERFMON_V2 = 2;
const NONE: CpuidResult = [0, 0, 0, 0];
const BRAND_LENGTH = 48;
/** Use leaf 4 for caches; then data, code, second and third level: eax, ebx, ecx. */
const DESCRIPTORS = 0x00fe_ff01;
const INTEL_CACHES = [
  [0x121, 0x01c0_003f, 63],
  [0x122, 0x01c0_003f, 63],
  [0x143, 0x01c0_003f, 511],
  [0x163, 0x03c0_003f, 8191],
] as const;
/** 0x80000005 and 6: 32 KiB of data and of code, 512 KiB, 32 MiB. */
const AMD_L1 = 0x2008_0140;
const AMD_L2 = 0x0200_6140;
const AMD_L3 = 0x0100_9140;

function words(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...new Uint32Array(bytes.buffer, 0, bytes.length / 4)];
}

/** Signature of leaf 1 from display family and model, which is what `processorId` takes apart. */
export function signatureOf({ family, model, stepping }: CpuProfile): number {
  const base = Math.min(family, 0xf);
  return (
    (((family - base) << 20) | ((model >> 4) << 16) | (base << 8) | ((model & 0xf) << 4) | stepping) >>> 0
  );
}

function unsigned(registers: readonly number[]): CpuidResult {
  const [a = 0, b = 0, c = 0, d = 0] = registers;
  return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
}

function hypervisorLeaf(hypervisor: Hypervisor, leaf: number): CpuidResult {
  if (hypervisor.kind === "none") return NONE;
  const { text, last } = SIGNATURES[hypervisor.kind];
  if (leaf === 0x4000_0000) return unsigned([last, ...words(text)]);
  if (hypervisor.kind === "kvm" && leaf === KVM_FEATURES) return unsigned([KVM_FEATURE_BITS]);
  if (hypervisor.kind === "vmware" && leaf === VMWARE_TIMING) return unsigned([TSC_KHZ, BUS_KHZ]);
  if (hypervisor.kind !== "xen" || leaf !== 0x4000_0001) return NONE;
  const [major = "0", minor = "0"] = hypervisor.version.split(".");
  return unsigned([(Number(major) << 16) | Number.parseInt(minor, 10)]);
}

/**
 * Answers of a described host.
 *
 * @param layout Counters that the kernel of programs sees; undefined for none.
 */
export function cpuidOf({ cpu, pmu, hypervisor }: HostProfile, layout: PmuLayout | undefined) {
  if (isAarch64(cpu)) return (): CpuidResult => NONE;
  const intel = cpu.vendor === "GenuineIntel";
  const lastBasic = intel ? LAST_INTEL : LAST_AMD;
  // Twelve letters, in ebx, edx and ecx.
  const [b = 0, d = 0, c = 0] = words(cpu.vendor);
  const brand = words(cpu.name.slice(0, BRAND_LENGTH - 1).padEnd(BRAND_LENGTH, "\0"));
  const features = (layout && intel ? PDCM : 0) | (hypervisor.kind === "none" ? 0 : HYPERVISOR) | FEATURES_C;
  const leaves = new Map<number, CpuidResult>([
    [0, unsigned([lastBasic, b, c, d])],
    [1, unsigned([signatureOf(cpu), (cpu.cores << 16) | (8 << 8), features, FEATURES_D])],
    [
      7,
      unsigned([
        0,
        (cpu.tsx.hle ? HLE : 0) | (cpu.tsx.rtm ? RTM : 0),
        0,
        cpu.tsx.alwaysAborts ? RTM_ALWAYS_ABORT : 0,
      ]),
    ],
    [0x8000_0000, unsigned([LAST_EXTENDED, ...(intel ? [] : [b, c, d])])],
    [0x8000_0001, unsigned([0, 0, EXTENDED_C | (layout && !intel ? PERFCTR_CORE : 0), EXTENDED_D])],
    [0x8000_0002, unsigned(brand.slice(0, 4))],
    [0x8000_0003, unsigned(brand.slice(4, 8))],
    [0x8000_0004, unsigned(brand.slice(8, 12))],
    [0x8000_0008, unsigned([(48 << 8) | 46])],
  ]);
  if (intel) {
    leaves.set(2, unsigned([DESCRIPTORS]));
    if (layout) leaves.set(10, pmuLeaf(layout));
  } else {
    leaves.set(0x8000_0005, unsigned([0, 0, AMD_L1, AMD_L1]));
    leaves.set(0x8000_0006, unsigned([0, 0, AMD_L2, AMD_L3]));
    if (layout && pmu.version >= PERFMON_V2) leaves.set(LAST_EXTENDED, unsigned([1, layout.general]));
  }
  return (leaf: number, subleaf: number): CpuidResult => {
    if (leaf >= 0x4000_0000 && leaf < 0x4001_0000) return hypervisorLeaf(hypervisor, leaf);
    if (leaf === 4 && intel) return unsigned(INTEL_CACHES[subleaf] ?? []);
    return subleaf > 0 && leaf === 7 ? NONE : (leaves.get(leaf) ?? NONE);
  };
}

/** Architectural performance monitoring. Events that are not there have a bit in ebx: all seven are. */
function pmuLeaf({ version, general, fixed, width }: PmuLayout): CpuidResult {
  const events = 7;
  return unsigned([version | (general << 8) | (width << 16) | (events << 24), 0, 0, fixed | (width << 5)]);
}

/**
 * The codes of arch_prctl.
 *
 * Sources: arch_prctl(2); asm/prctl.h; `arch/x86/kernel/process_64.c` of Linux 6.18.
 */
import { byCommand, out } from "../areas.ts";
import type { CallView } from "../call.ts";
import type { Entry } from "../entry.ts";
import { EINVAL, ENODEV, EOPNOTSUPP } from "../errno.ts";

/** Codes that write a 64-bit value. */
const WRITES = {
  0x1003: out(1, 8), // ARCH_GET_FS
  0x1004: out(1, 8), // ARCH_GET_GS
  0x1021: out(1, 8), // ARCH_GET_XCOMP_SUPP
  0x1022: out(1, 8), // ARCH_GET_XCOMP_PERM
  0x1024: out(1, 8), // ARCH_GET_XCOMP_GUEST_PERM
  0x4001: out(1, 8), // ARCH_GET_UNTAG_MASK
  0x4003: out(1, 8), // ARCH_GET_MAX_TAG_BITS
  0x5005: out(1, 8), // ARCH_SHSTK_STATUS
};

/** ARCH_SET_GS, ARCH_SET_FS (events carry the bases among the registers), ARCH_GET_CPUID. */
const SILENT = new Set([0x1001, 0x1002, 0x1011]);

/** Codes with an answer of their own: what a machine says that lacks the feature. */
const ANSWERS: Readonly<Record<number, number>> = {
  0x1012: -ENODEV, // ARCH_SET_CPUID: cpuid is the engine's to answer
  0x1023: -EOPNOTSUPP, // ARCH_REQ_XCOMP_PERM: replay would lack the permission
  0x1025: -EOPNOTSUPP, // ARCH_REQ_XCOMP_GUEST_PERM
  0x4002: -ENODEV, // ARCH_ENABLE_TAGGED_ADDR: the tracer reads memory by untagged addresses
};

/** All others as on a kernel without them: shadow stacks (ARCH_SHSTK_*), mapping a vdso (ARCH_MAP_VDSO_*). */
function answers(call: CallView): number | undefined {
  const code = call.int(0);
  return code in WRITES || SILENT.has(code) ? undefined : (ANSWERS[code] ?? -EINVAL);
}

export const ARCH_PRCTL: Entry = { writes: [byCommand(0, WRITES)], answers };

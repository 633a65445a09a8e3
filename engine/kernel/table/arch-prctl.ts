/**
 * The codes of arch_prctl.
 *
 * Sources: arch_prctl(2); asm/prctl.h; `arch/x86/kernel/process_64.c` of Linux 6.18.
 */
import { ERRNO } from "../../../ffi/mod.ts";
import { int } from "../amounts.ts";
import { byCommand, out } from "../areas.ts";
import type { Answer } from "../call.ts";
import { not, oneOf } from "../conditions.ts";
import type { Entry } from "../entry.ts";

/** Codes that write a 64-bit value. */
const WRITES = {
  4099: out(1, 8), // ARCH_GET_FS
  4100: out(1, 8), // ARCH_GET_GS
  4129: out(1, 8), // ARCH_GET_XCOMP_SUPP
  4130: out(1, 8), // ARCH_GET_XCOMP_PERM
  4132: out(1, 8), // ARCH_GET_XCOMP_GUEST_PERM
  16385: out(1, 8), // ARCH_GET_UNTAG_MASK
  16387: out(1, 8), // ARCH_GET_MAX_TAG_BITS
  20485: out(1, 8), // ARCH_SHSTK_STATUS
};

/** ARCH_SET_GS, ARCH_SET_FS (events carry the bases among the registers), ARCH_GET_CPUID. */
const SILENT = [0x1001, 0x1002, 0x1011];

function answer(code: number, errno: number, reason: string): Answer {
  return { when: oneOf(int(0), [code]), errno, reason };
}

/** What a machine says that lacks the feature. */
const ANSWERS: readonly Answer[] = [
  answer(4114, ERRNO.ENODEV, "ARCH_SET_CPUID: cpuid is the engine's to answer"),
  answer(4131, ERRNO.EOPNOTSUPP, "ARCH_REQ_XCOMP_PERM: replay would lack the permission"),
  answer(4133, ERRNO.EOPNOTSUPP, "ARCH_REQ_XCOMP_GUEST_PERM: replay would lack the permission"),
  answer(16386, ERRNO.ENODEV, "ARCH_ENABLE_TAGGED_ADDR: the tracer reads memory by untagged addresses"),
];

const KNOWN = [...Object.keys(WRITES).map(Number), ...SILENT];

export const ARCH_PRCTL: Entry = {
  writes: [byCommand(0, WRITES)],
  answers: [
    ...ANSWERS,
    {
      when: not(oneOf(int(0), KNOWN)),
      errno: ERRNO.EINVAL,
      reason: "as on a kernel without it: shadow stacks (ARCH_SHSTK_*), mapping a vdso (ARCH_MAP_VDSO_*)",
    },
  ],
};

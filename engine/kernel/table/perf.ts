/**
 * perf_event_open, and what of it is answered instead of recorded.
 *
 * A counter's value is a result like any other, and so is the signal of an overflow. What a recording could not
 * give again is answered as a kernel without it would: see `refused`.
 *
 * Source: perf_event_open(2), linux/perf_event.h, `kernel/events/core.c` of Linux 6.18.
 */
import { ERRNO, PERF_ATTR, PERF_ATTR_BIT, PERF_TYPE } from "../../../ffi/mod.ts";
import { out } from "../areas.ts";
import type { CallView } from "../call.ts";
import type { Entry } from "../entry.ts";

const ATTR = 0;

function refused(call: CallView): number | undefined {
  const attr = call.argument(ATTR);
  // Breakpoints: those on execution would never be met, since the program's text is not what runs.
  if (call.u32(attr + PERF_ATTR.type[0]) === PERF_TYPE.BREAKPOINT) return -ERRNO.ENOENT;
  // `sigtrap`: SIGTRAP right where a counter overflows, amid a translation. Kernels before 5.13 have no such bit.
  const flags = call.u64(attr + PERF_ATTR.flags[0]);
  return Math.floor(flags / 2 ** PERF_ATTR_BIT.sigtrap) % 2 === 1 ? -ERRNO.EINVAL : undefined;
}

export const PERF_EVENT_OPEN: Entry = {
  // With E2BIG it writes the size that the kernel knows, the second word of the attributes.
  writesAlways: [out(ATTR, 8)],
  answers: refused,
};

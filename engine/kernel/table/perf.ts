/**
 * perf_event_open, and what of it is answered instead of recorded.
 *
 * A counter's value is a result like any other, and so is the signal of an overflow. What a recording could not
 * give again is answered as a kernel without it would.
 *
 * Source: perf_event_open(2), linux/perf_event.h, `kernel/events/core.c` of Linux 6.18.
 */
import { ERRNO, PERF_ATTR, PERF_ATTR_BIT, PERF_TYPE } from "../../../ffi/mod.ts";
import { field } from "../amounts.ts";
import { out } from "../areas.ts";
import { bits, oneOf } from "../conditions.ts";
import type { Entry } from "../entry.ts";

const ATTR = 0;

export const PERF_EVENT_OPEN: Entry = {
  // With E2BIG it writes the size that the kernel knows, the second word of the attributes.
  writesAlways: [out(ATTR, 8)],
  answers: [
    {
      when: oneOf(field(ATTR, PERF_ATTR.type[0], 32), [PERF_TYPE.BREAKPOINT]),
      errno: ERRNO.ENOENT,
      reason: "breakpoints on execution would never be met, since the program's text is not what runs",
    },
    {
      when: bits(field(ATTR, PERF_ATTR.flags[0], 64), 2 ** PERF_ATTR_BIT.sigtrap),
      errno: ERRNO.EINVAL,
      reason: "`sigtrap`: SIGTRAP right where a counter overflows, amid a translation (as before Linux 5.13)",
    },
  ],
};

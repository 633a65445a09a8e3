/**
 * bpf(2): maps and programs within the kernel. Its attributes are read and written; what else it writes follows from
 * them, or from the object (`record/kernel-maps.ts`).
 *
 * Source: enum bpf_cmd, union bpf_attr and enum bpf_map_type of linux/bpf.h; kernel/bpf/syscall.c of Linux 6.18.
 */
import { argument, field, int, times } from "../amounts.ts";
import { behind, both, out, when } from "../areas.ts";
import { bits, every, oneOf, some } from "../conditions.ts";
import type { Entry } from "../entry.ts";

/** Commands, which are argument 0. */
export const BPF_COMMAND = {
  MAP_CREATE: 0,
  MAP_LOOKUP_ELEM: 1,
  MAP_GET_NEXT_KEY: 4,
  PROG_LOAD: 5,
  PROG_TEST_RUN: 10,
  OBJ_GET_INFO_BY_FD: 15,
  PROG_QUERY: 16,
  BTF_LOAD: 18,
  TASK_FD_QUERY: 20,
  MAP_LOOKUP_AND_DELETE_ELEM: 21,
  MAP_LOOKUP_BATCH: 24,
  MAP_LOOKUP_AND_DELETE_BATCH: 25,
} as const;

/** A map that can be mapped (BPF_F_MMAPABLE): the kernel's programs store in memory of this one. */
const MMAPABLE = 1 << 10;
/** Ring buffers and arenas, which are there to be mapped. */
const MAPPED_TYPES = [27, 31, 33];
/** Types of programs that trace, and may write to the memory of what they trace (bpf_probe_write_user). */
const TRACING_TYPES = [2, 5, 7, 17, 26, 29];

const is = (command: number) => oneOf(int(0), [command]);
/** A number of 32 bits in the attributes. */
const number = (offset: number) => field(1, offset, 32);
/** What an attribute points to, as long as another one says. */
const told = (pointer: number, length: number) => behind(1, pointer, number(length));

export const BPF_CALL: Entry = {
  // The attributes are written also by calls that fail: the true size of a log, how far a batch has come.
  writesAlways: [
    out(1, argument(2)),
    when(is(BPF_COMMAND.PROG_LOAD), told(32, 28)),
    when(is(BPF_COMMAND.BTF_LOAD), told(8, 20)),
    when(is(BPF_COMMAND.PROG_TEST_RUN), both(told(24, 12), told(56, 44))),
    when(is(BPF_COMMAND.OBJ_GET_INFO_BY_FD), told(8, 4)),
    when(is(BPF_COMMAND.PROG_QUERY), behind(1, 16, times(number(24), 4))),
    when(is(BPF_COMMAND.TASK_FD_QUERY), told(16, 12)),
  ],
  refuses: [
    {
      when: every(
        is(BPF_COMMAND.MAP_CREATE),
        some(bits(number(16), MMAPABLE), oneOf(number(0), MAPPED_TYPES)),
      ),
      reason: "a map (bpf) that programs within the kernel share as memory",
    },
    {
      when: every(is(BPF_COMMAND.PROG_LOAD), oneOf(number(0), TRACING_TYPES)),
      reason: "a program within the kernel (bpf) that may write to this one's memory",
    },
  ],
};

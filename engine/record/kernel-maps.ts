/**
 * What bpf(2) writes where the object that it is about says how much: keys and values of maps, and what is told of an
 * object. The kernel knows the sizes, and shows them in fdinfo. All that can be told by the arguments alone is in the
 * table (`kernel/table/bpf.ts`).
 *
 * Source: union bpf_attr and struct bpf_prog_info of linux/bpf.h, and kernel/bpf/syscall.c of Linux 6.18.
 */
import { readFileSync } from "node:fs";
import { SYSCALLS } from "../../ffi/mod.ts";
import { BPF_COMMAND, type MemoryRange } from "../kernel/mod.ts";
import { readProcFile } from "../proc-file.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** Offsets in union bpf_attr, of calls on one element. */
const ELEMENT = { fd: 0, value: 16 } as const;
/** Of calls on many. */
const BATCH = { out: 8, keys: 16, values: 24, count: 32, fd: 36 } as const;
/** Of BPF_OBJ_GET_INFO_BY_FD. */
const INFO = { fd: 0, info: 8 } as const;
/** Counts and pointers in struct bpf_prog_info: jited and translated instructions in bytes, ids of maps. */
const PROGRAM_INFO = [
  { count: 16, at: 24, size: 1 },
  { count: 20, at: 32, size: 1 },
  { count: 52, at: 56, size: 4 },
] as const;
/** Pointer and length in struct bpf_btf_info: the types, and their name. */
const TYPES_INFO = [
  { count: 8, at: 0, size: 1 },
  { count: 24, at: 16, size: 1 },
] as const;

/** Types of maps that have a value for each processor, each filled up to 8 bytes (bpf_map_value_size). */
const PER_PROCESSOR = new Set([5, 6, 10, 21]);

/** The objects that fdinfo describes, by a line that only theirs has. */
const FIELD_OF = { map: "map_type", program: "prog_type", types: "btf_id" } as const;

/** More than the kernel writes in one go: keys and values are at most some MiB (KMALLOC_MAX_SIZE). */
const MOST_BYTES = 1 << 26;

/** Memory that a bpf call has written, beside what the table says of it. */
export function kernelMapOutputs(task: RecordedTask, call: Call): MemoryRange[] {
  if (call.number !== SYSCALLS.bpf) return [];
  return written(task, call).map(({ address, length }) => ({
    address,
    length: Math.min(length, MOST_BYTES),
  }));
}

function written(task: RecordedTask, call: Call): MemoryRange[] {
  const attributes = call.argument(1);
  const pointer = (offset: number): number => call.u64(attributes + offset);
  const number = (offset: number): number => call.u32(attributes + offset);
  switch (call.int(0)) {
    case BPF_COMMAND.MAP_LOOKUP_ELEM:
    case BPF_COMMAND.MAP_LOOKUP_AND_DELETE_ELEM:
      return [{ address: pointer(ELEMENT.value), length: valueSize(describe(task, number(ELEMENT.fd))) }];
    case BPF_COMMAND.MAP_GET_NEXT_KEY:
      return [{ address: pointer(ELEMENT.value), length: keySize(describe(task, number(ELEMENT.fd))) }];
    case BPF_COMMAND.MAP_LOOKUP_BATCH:
    case BPF_COMMAND.MAP_LOOKUP_AND_DELETE_BATCH: {
      const map = describe(task, number(BATCH.fd));
      const count = number(BATCH.count);
      return [
        { address: pointer(BATCH.out), length: Math.max(4, keySize(map)) },
        { address: pointer(BATCH.keys), length: count * keySize(map) },
        { address: pointer(BATCH.values), length: count * valueSize(map) },
      ];
    }
    case BPF_COMMAND.OBJ_GET_INFO_BY_FD: {
      const object = describe(task, number(INFO.fd));
      const info = pointer(INFO.info);
      const arrays = object.has(FIELD_OF.program)
        ? PROGRAM_INFO
        : object.has(FIELD_OF.types)
          ? TYPES_INFO
          : [];
      return arrays.map(({ at, count, size }) => ({
        address: call.u64(info + at),
        length: call.u32(info + count) * size,
      }));
    }
    default:
      return [];
  }
}

/** What fdinfo says of an object, by name; nothing of a descriptor that is none. */
function describe(task: RecordedTask, fd: number): ReadonlyMap<string, number> {
  const lines = readProcFile(`/proc/${task.tid}/fdinfo/${fd}`)?.split("\n") ?? [];
  return new Map(lines.map((line): [string, number] => [line.split(":")[0]!, Number(line.split(":\t")[1])]));
}

function keySize(map: ReadonlyMap<string, number>): number {
  return map.get("key_size") ?? 0;
}

function valueSize(map: ReadonlyMap<string, number>): number {
  const size = map.get("value_size") ?? 0;
  return PER_PROCESSOR.has(map.get(FIELD_OF.map) ?? 0)
    ? Math.ceil(size / 8) * 8 * possibleProcessors()
    : size;
}

/** How many processors the kernel has room for: "0-3" in a file of sysfs. */
function possibleProcessors(): number {
  const ranges = readFileSync("/sys/devices/system/cpu/possible", "latin1").trim().split(",");
  return ranges.reduce((sum, range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return sum + last - first + 1;
  }, 0);
}

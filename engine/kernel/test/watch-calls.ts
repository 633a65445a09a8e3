/**
 * Runs a program and watches what the kernel really writes: all writable memory is compared before and after
 * each system call, and what changed outside of the table's ranges is a mistake of the table.
 *
 * One task only: threads and children run untraced, and a child that shares memory (vfork) would disturb it.
 */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import {
  PTRACE,
  PTRACE_O,
  REG,
  SYSCALL_STOP,
  SYSCALLS,
  setOptions,
  spawnTraced,
  syscallName,
  TraceeControl,
  waitStatus,
} from "../../../ffi/mod.ts";
import { type CallView, type MemoryRange, outputRanges, syscallSpec } from "../mod.ts";

const PAGE = 4096;

/** Registers of the arguments, in their order. */
const ARGUMENTS = [REG.rdi, REG.rsi, REG.rdx, REG.r10, REG.r8, REG.r9];

/** Memory that was written and that the table did not name. */
export interface Surprise {
  call: string;
  result: number;
  args: string[];
  /** First address of the page concerned that changed and was not named. */
  address: string;
}

/** What a program's calls did. */
export interface Observation {
  /** How many calls of each name were compared. */
  calls: Map<string, number>;
  surprises: Surprise[];
}

interface Snapshot {
  start: number;
  bytes: Buffer;
}

/** The memory of a stopped process, as numbers and pieces. */
class Memory {
  readonly #fd: number;
  readonly #pid: number;

  constructor(pid: number) {
    this.#pid = pid;
    this.#fd = openSync(`/proc/${pid}/mem`, "r");
  }

  read(address: number, length: number): Buffer {
    const buffer = Buffer.alloc(length);
    try {
      return buffer.subarray(0, readSync(this.#fd, buffer, 0, length, address));
    } catch {
      // Unmapped, or the kernel's own (vvar): there is nothing to compare.
      return buffer.subarray(0, 0);
    }
  }

  writable(): Snapshot[] {
    const snapshots: Snapshot[] = [];
    for (const line of readFileSync(`/proc/${this.#pid}/maps`, "latin1").split("\n")) {
      const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) .w/.exec(line) ?? [];
      if (start !== undefined && end !== undefined) {
        const from = Number.parseInt(start, 16);
        snapshots.push({ start: from, bytes: this.read(from, Number.parseInt(end, 16) - from) });
      }
    }
    return snapshots;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function viewOf(registers: BigUint64Array, memory: Memory): CallView {
  const args = ARGUMENTS.map((register) => registers[register]);
  const word = (address: number) => Buffer.concat([memory.read(address, 8), Buffer.alloc(8)]);
  return {
    number: Number(registers[REG.orig_rax]),
    result: Number(BigInt.asIntN(64, registers[REG.rax]!)),
    argument: (i) => Number(args[i]),
    int: (i) => Number(BigInt.asIntN(32, args[i]!)),
    u32: (address) => word(address).readUInt32LE(),
    u64: (address) => Number(word(address).readBigUInt64LE()),
    string: (address, limit = PAGE) => memory.read(address, limit).toString("latin1").split("\0")[0]!,
  };
}

/** First address of `before` whose byte changed outside of `ranges`. */
function firstSurprise(before: Snapshot, after: Buffer, ranges: readonly MemoryRange[]): number | undefined {
  const length = Math.min(before.bytes.length, after.length);
  for (let page = 0; page < length; page += PAGE) {
    const end = Math.min(page + PAGE, length);
    if (before.bytes.compare(after, page, end, page, end) === 0) {
      continue;
    }
    for (let i = page; i < end; i++) {
      const address = before.start + i;
      if (
        before.bytes[i] !== after[i] &&
        !ranges.some((range) => address >= range.address && address < range.address + range.length)
      ) {
        return address;
      }
    }
  }
  return undefined;
}

/** Runs a program to its end and compares memory around each of its recorded calls. */
export function watchCalls(path: string, argv: readonly string[], env: readonly string[]): Observation {
  using control = new TraceeControl();
  const pid = spawnTraced({ path, argv, env });
  control.wait(pid, 0);
  setOptions(pid, PTRACE_O.EXITKILL | PTRACE_O.TRACESYSGOOD);
  const memory = new Memory(pid);
  const observation: Observation = { calls: new Map(), surprises: [] };
  let entry = false;
  let before: Snapshot[] = [];
  let signal = 0;
  while (control.resumeAndWait(PTRACE.SYSCALL, pid, signal, pid, 0) === pid) {
    const status = waitStatus(control.status);
    if (status.kind !== "stopped") {
      break;
    }
    signal = (status.signal & SYSCALL_STOP) === 0 ? status.signal : 0;
    if (signal !== 0) {
      continue;
    }
    entry = !entry;
    const call = viewOf(control.regs.u64, memory);
    const spec = syscallSpec(call.number);
    if (spec?.handling !== "record") {
      continue;
    }
    if (entry) {
      before = memory.writable();
    } else {
      compare(observation, before, call, outputRanges(spec, call), memory);
    }
  }
  memory.close();
  return observation;
}

function compare(
  observation: Observation,
  before: readonly Snapshot[],
  call: CallView,
  ranges: readonly MemoryRange[],
  memory: Memory,
): void {
  const name = syscallName(call.number);
  observation.calls.set(name, (observation.calls.get(name) ?? 0) + 1);
  // It goes on with another call, which only an engine knows.
  if (call.number === SYSCALLS.restart_syscall) {
    return;
  }
  for (const snapshot of before) {
    const after = memory.read(snapshot.start, snapshot.bytes.length);
    const address = firstSurprise(snapshot, after, ranges);
    if (address !== undefined) {
      observation.surprises.push({
        call: name,
        result: call.result,
        args: [0, 1, 2, 3, 4, 5].map((i) => `0x${call.argument(i).toString(16)}`),
        address: `0x${address.toString(16)}`,
      });
    }
  }
}

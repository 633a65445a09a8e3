/**
 * Counters that programs wait for. A counter whose overflow wakes a waiter leaves a byte in its pipe, which poll,
 * select and epoll find by themselves; the wait that reports it takes the byte away. What a pipe can't say (POLLHUP
 * of a counter without a ring, or whose task is gone) is added to the answers of poll and ppoll.
 */
import { type PerfSystem, SYSCALLS } from "../../../ffi/mod.ts";
import type { Call } from "../call.ts";
import type { RecordedTask } from "../recorded-task.ts";
import type { PerfFile, PerfFiles } from "./perf-file.ts";

/** struct pollfd, and its events that nobody has to ask for (poll(2), asm-generic/poll.h). */
const POLLFD = { size: 8, revents: 6 } as const;
const POLLIN = 1;
const ALWAYS = 0x8 | 0x10; // POLLERR, POLLHUP

/** A descriptor of a poll, and what is known of it already. */
interface Found {
  /** Address of its struct pollfd. */
  address: number;
  revents: number;
}

/** Keeps the pipes of counters true to what the model says is ready. */
export class Readiness {
  private readonly known = new Map<Call, Found[]>();

  constructor(
    private readonly files: PerfFiles,
    private readonly perf: () => PerfSystem,
  ) {}

  /** A counter has overflowed: its owner is signalled, and whoever waits for it is woken. */
  overflowed(file: PerfFile): void {
    file.ended = file.limit === 1;
    if (file.limit > 0) file.limit--;
    file.pipe.notify();
    if (this.perf().poll(file.fd, 0) & POLLIN) file.ready = true;
    else if (!file.ready) file.pipe.drain();
  }

  /** Before a wait: one that has an answer already does not sleep. */
  enters(task: RecordedTask, call: Call): void {
    if (call.number !== SYSCALLS.poll && call.number !== SYSCALLS.ppoll) return;
    const found: Found[] = [];
    for (let i = 0; i < call.int(1); i++) {
      const address = call.argument(0) + i * POLLFD.size;
      const file = this.files.find(task.tid, call.u32(address) | 0);
      if (!file || file.ready) continue;
      const revents = this.perf().poll(file.fd, 0) & ALWAYS;
      if (revents > 0) found.push({ address, revents });
    }
    if (found.length === 0) return;
    this.known.set(call, found);
    if (call.number === SYSCALLS.poll) {
      call.change(task, 2, 0);
    } else {
      // A struct timespec of zeros.
      task.space.cacheSpace.scratch.fill(0, 0, 16);
      call.change(task, 2, task.space.cacheSpace.scratchAddress);
    }
  }

  /** After a wait: adds what the kernel can't know, and takes away what has been reported. */
  leaves(task: RecordedTask, call: Call): void {
    if (!call.spec?.waitsForMany) return;
    const found = this.known.get(call) ?? [];
    this.known.delete(call);
    if (call.result < 0) return;
    for (const { address, revents } of found) {
      task.space.memory.write(address + POLLFD.revents, new Uint8Array(Uint16Array.of(revents).buffer));
    }
    if (found.length > 0) task.result = call.result + found.length;
    if (call.result === 0) return;
    for (const file of this.files) {
      if (!file.ready) continue;
      file.ready = false;
      file.pipe.drain();
    }
  }
}

/**
 * What a task waits for in a system call: a lock and whoever has it, the end of another task, a descriptor. Of a futex the kernel knows
 * no owner; where the C library's locks have theirs is read from what lies around the word.
 *
 * Sources: linux/futex.h; glibc 2.36: `struct __pthread_mutex_s` (sysdeps/nptl/bits/struct_mutex.h: the lock at 0, the owner's id
 * at 8), `struct __pthread_rwlock_arch_t` (sysdeps/x86/nptl/bits/struct_rwlock.h: words that are waited for at 8 and 12, the writer's
 * id at 24), `_IO_lock_t` (sysdeps/nptl/stdio-lock.h: the lock at 0, the owner's `struct pthread` at 8); a thread that is joined is
 * waited for at its `tid` (nptl/pthread_join_common.c).
 */
import { SYSCALLS } from "../../ffi/mod.ts";
import { FS_BASE } from "../arch/x86_64/registers.ts";
import { type CallView, syscallSpec } from "../kernel/mod.ts";
import type { Registers } from "../trace/events.ts";

/** What is waited for. */
export type Awaited =
  /**
   * `ownerAt` is where its owner is written; both are missing where nobody is known to have it. `isOrphan`: the owner has ended, or
   * is of another process, which has a lock of its own there.
   */
  | { kind: "lock"; address: number; owner?: number; ownerAt?: number; isOrphan?: true }
  /** A word that others change: a condition, a semaphore, a barrier. */
  | { kind: "wake"; address: number }
  /** The end of a thread. */
  | { kind: "thread"; thread: number }
  /** The end of a child; of any where none is named. */
  | { kind: "child"; child?: number }
  | { kind: "descriptor"; descriptor: number }
  | { kind: "signal" }
  | { kind: "time" }
  | { kind: "other" };

/** Another task, as far as it may have a lock. */
export interface Other {
  id: number;
  registers: Registers;
}

/** FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME. */
const OPTIONS = 128 | 256;
/** FUTEX_WAIT, FUTEX_WAIT_BITSET, FUTEX_WAIT_REQUEUE_PI; FUTEX_LOCK_PI, FUTEX_LOCK_PI2. */
const WAITS = [0, 9, 11];
const LOCKS = [6, 13];
/** FUTEX_TID_MASK, FUTEX_WAITERS. */
const TID_MASK = 0x3fffffff;
const WAITERS = 0x80000000;
/** A lock of the C library that others wait for (sysdeps/nptl/lowlevellock.h). */
const CONTENDED = 2;
/** From a mutex to where its owner is; in a lock for readers and writers, the words that are waited for and the writer. */
const MUTEX_OWNER = 8;
const SHARED_LOCK = { words: [8, 12], writer: 24 } as const;
/** PTHREAD_RWLOCK_WRPHASE and PTHREAD_RWLOCK_WRLOCKED, in its first word, of one that a writer has (nptl/pthread_rwlock_common.c). */
const WRITTEN = 3;

/**
 * What a task waits for.
 *
 * @param call The call that it is in.
 * @param tasks All tasks that the recording has, or has had, with the registers of those that live.
 */
export function awaitedBy(
  call: CallView,
  tasks: readonly Other[],
  wasTask: (id: number) => boolean,
): Awaited {
  const { number } = call;
  switch (number) {
    case SYSCALLS.futex:
      return awaitedWord(call, tasks, wasTask);
    case SYSCALLS.wait4:
      return { kind: "child", ...(call.int(0) > 0 && { child: call.int(0) }) };
    case SYSCALLS.waitid:
      // P_PID (linux/wait.h).
      return { kind: "child", ...(call.int(0) === 1 && { child: call.int(1) }) };
    case SYSCALLS.nanosleep:
    case SYSCALLS.clock_nanosleep:
      return { kind: "time" };
    case SYSCALLS.pause:
    case SYSCALLS.rt_sigsuspend:
    case SYSCALLS.rt_sigtimedwait:
      return { kind: "signal" };
    default: {
      const spec = syscallSpec(number);
      const at = spec?.reads?.fd ?? spec?.sends?.fd;
      return at === undefined ? { kind: "other" } : { kind: "descriptor", descriptor: call.int(at) };
    }
  }
}

function awaitedWord(call: CallView, tasks: readonly Other[], wasTask: (id: number) => boolean): Awaited {
  const operation = call.int(1) & ~OPTIONS;
  const address = call.argument(0);
  const word = call.u32(address);
  if (LOCKS.includes(operation)) return lock(address, word & TID_MASK, address, wasTask);
  if (!WAITS.includes(operation)) return { kind: "other" };
  const expected = call.argument(2) % 2 ** 32;
  if (tasks.some(({ id }) => id === expected)) return { kind: "thread", thread: expected };
  // A robust lock has its owner in the word itself.
  if (expected >= WAITERS) return lock(address, expected & TID_MASK, address, wasTask);
  if (expected === CONTENDED) {
    const at = address + MUTEX_OWNER;
    const block = call.u64(at);
    const stream = tasks.find(({ registers }) => block !== 0 && Number(registers[FS_BASE]) === block);
    return lock(address, stream?.id ?? call.u32(at), at, wasTask);
  }
  const shared = SHARED_LOCK.words
    .map((offset) => address - offset)
    .find(
      (at) =>
        at % 8 === 0 && (call.u32(at) & WRITTEN) === WRITTEN && wasTask(call.u32(at + SHARED_LOCK.writer)),
    );
  if (shared === undefined) return { kind: "wake", address };
  const at = shared + SHARED_LOCK.writer;
  return lock(shared, call.u32(at), at, wasTask);
}

function lock(address: number, owner: number, ownerAt: number, wasTask: (id: number) => boolean): Awaited {
  return { kind: "lock", address, ...(wasTask(owner) && { owner, ownerAt }) };
}

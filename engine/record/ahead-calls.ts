/**
 * Calls whose end needs no stop: those on memory, and of the thread's own register, by which a program is loaded. The task
 * stops at their entry, where the recorder changes what the kernel is to see, and says what it may; then the stub makes the call
 * (`tracee/ahead-stub.ts`), and the program goes on. What has come of it is written down when the task stops next, whatever for.
 *
 * That is the same as with a stop as long as nobody could tell: nobody else runs before, nothing is read from memory for
 * the event, no text is about to change that translations were made of, and no signal waits for the call's end. Calls that fail are
 * made once more, with a stop, since some of them do a part of their work.
 */
import { MADV, MAP, PROT, SYSCALLS } from "../../ffi/mod.ts";
import { SYSCALL_LENGTH } from "../arch/x86_64/call-abi.ts";
import { uses } from "../optimisations.ts";
import type { AddressSpace } from "../tracee/address-space.ts";
import { CALL_ENTRY } from "../tracee/call-stub.ts";
import { PAGE_SIZE, pageEnd } from "../tracee/mappings.ts";
import type { Tracer } from "../tracee/tracer.ts";
import { USUAL_BASE } from "../translate/context.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** What these calls need of a recording. */
export interface AheadLog {
  readonly tracer: Pick<Tracer, "isInCall">;
  readonly calls: { readonly isOn: boolean };
  readonly checksums: object | undefined;
  readonly outsiders: { readonly areThere: boolean };
}

/** Who looks at the calls, before and after. */
export interface AheadKeeper {
  looksAtFile(task: RecordedTask, call: Call): boolean;
  write(task: RecordedTask, call: Call, result: bigint): void;
}

/** ARCH_SET_FS (asm/prctl.h). */
const ARCH_SET_FS = 0x1002;
/** Rights that any memory may have; not that of MAP_GROWSDOWN, and no other bits. */
const RIGHTS = PROT.READ | PROT.WRITE | PROT.EXEC;
/** Flags of mmap that make no other difference to the recorder. */
const PLAIN_FLAGS = MAP.PRIVATE | MAP.FIXED | MAP.ANONYMOUS | MAP.DENYWRITE | MAP.NORESERVE | MAP.STACK;
/** The first arguments, which the stub gives back to the program. */
const GIVEN_BACK = 3;

/** Lets calls be made, and writes them down at the next stop. */
export class AheadCalls {
  readonly #isUsed = uses("ahead");
  /** Who looks at calls. */
  keeper: AheadKeeper | undefined;
  /** Where a call has failed, which is made once more. */
  #failedAt = -1;
  /** Events that the task that runs has had since its last turn was counted. */
  #carried = 0;

  constructor(private readonly recording: AheadLog) {}

  /** Has a task that stands at the entry of a call make it when it runs next, if its end needs no stop. */
  begin(task: RecordedTask, call: Call): boolean {
    const hasFailed = this.#failedAt === call.pc;
    this.#failedAt = -1;
    if (hasFailed || !this.#mayGoAhead(task, call)) return false;
    const { cacheSpace } = task.space;
    const [first, second, third] = [0, 1, 2].map(
      (i) => call.changed.find(({ argument }) => argument === i)?.value ?? task.argumentRegister(i),
    );
    cacheSpace.calls.goAhead(task.pc - SYSCALL_LENGTH, call.number, [first!, second!, third!]);
    task.callAt(cacheSpace.base + CALL_ENTRY.ahead, call.number);
    task.call = undefined;
    task.ahead = call;
    return true;
  }

  /** A task has stopped, or is gone: what it has done is written down before anybody looks at why. */
  settle(task: RecordedTask): void {
    const { ahead } = task;
    if (ahead === undefined) return;
    const result = task.space.cacheSpace.calls.takeAhead();
    if (result === undefined) return;
    task.ahead = undefined;
    this.#carried++;
    this.keeper?.write(task, ahead, result);
  }

  /** A task has stopped, and its registers are known. @returns How many events it has had in this way. */
  ended(task: RecordedTask): number {
    const { ahead } = task;
    if (ahead !== undefined && !this.recording.tracer.isInCall(task)) {
      this.#failedAt = ahead.pc;
      task.ahead = undefined;
    }
    const count = this.#carried;
    this.#carried = 0;
    return count;
  }

  /** Whether a task is to run on to the end of a call; its events are counted then. @param done Those that it has had. */
  carries({ ahead }: RecordedTask, done: number): boolean {
    if (ahead === undefined) return false;
    this.#carried = done;
    return true;
  }

  #mayGoAhead(task: RecordedTask, call: Call): boolean {
    if (!this.#isUsed || !this.recording.calls.isOn || task.stop?.kind !== "filter") return false;
    const { space } = task;
    const isOrdinary =
      task.tracing === undefined &&
      !task.stepsItself &&
      task.stashed.length === 0 &&
      task.savedMask === undefined &&
      !task.joining &&
      !task.process.readImpliesExec &&
      space.cacheSpace.base === USUAL_BASE &&
      staysInCacheSpace(space) &&
      space.guarded.size + space.toGuard.size === 0;
    const isSeen = this.recording.checksums !== undefined || this.recording.outsiders.areThere;
    const isChanged = call.changed.some(({ argument }) => argument >= GIVEN_BACK);
    if (!isOrdinary || isSeen || isChanged || call.refusal !== undefined || call.failure !== undefined)
      return false;
    return (
      isPlain(space, call) &&
      (call.number !== SYSCALLS.mmap || isAnonymous(call) || this.#looksAtFile(task, call))
    );
  }

  #looksAtFile(task: RecordedTask, call: Call): boolean {
    return this.keeper?.looksAtFile(task, call) === true;
  }
}

/** Whether a space will have the cache space that it has when its task runs next. */
function staysInCacheSpace({ cacheSpace, outdated, isApart, hasWritableText }: AddressSpace): boolean {
  return cacheSpace.isPlaced && !outdated && !isApart && (cacheSpace.users === 1 || !hasWritableText);
}

function isAnonymous(call: Call): boolean {
  return (call.int(3) & MAP.ANONYMOUS) !== 0;
}

/** Whether all that a call does follows from its arguments and its result, and no text is in what it is about. */
function isPlain(space: AddressSpace, call: Call): boolean {
  const [first = 0, second = 0, third = 0, flags = 0] = call.args;
  const end = pageEnd(first + second);
  switch (call.number) {
    case SYSCALLS.mmap: {
      if ((flags & ~PLAIN_FLAGS) !== 0 || (flags & MAP.TYPE) !== MAP.PRIVATE || (third & ~RIGHTS) !== 0)
        return false;
      const isFixed = (flags & MAP.FIXED) !== 0;
      // Translations that others share would have to be parted from theirs before it runs.
      if ((third & PROT.EXEC) !== 0 && !(isFixed && space.cacheSpace.users === 1)) return false;
      // Text may go on into what becomes text behind it.
      const margin = (third & PROT.EXEC) !== 0 ? PAGE_SIZE : 0;
      return !isFixed || isApartFromText(space, first - margin, end + margin);
    }
    case SYSCALLS.munmap:
      return isApartFromText(space, first, end);
    case SYSCALLS.mprotect:
      return (third & ~(PROT.READ | PROT.WRITE)) === 0 && isApartFromText(space, first, end);
    case SYSCALLS.madvise:
      return third === MADV.DONTNEED && isApartFromText(space, first, end);
    case SYSCALLS.brk: {
      const [low, high] = [Math.min(first || space.brkEnd, space.brkEnd), Math.max(first, space.brkEnd)];
      return isApartFromText(space, low, pageEnd(high));
    }
    case SYSCALLS.arch_prctl:
      return first === ARCH_SET_FS;
    default:
      return false;
  }
}

/** Whether in [start, end) there is neither text nor memory that others may share. */
function isApartFromText({ mappings, cacheSpace }: AddressSpace, start: number, end: number): boolean {
  if (!(start <= end && end < 2 ** 47) || cacheSpace.cache.hasTextIn(start, end)) return false;
  return mappings
    .overlapping(start, end)
    .every(({ protection, shared }) => (protection & PROT.EXEC) === 0 && !shared);
}

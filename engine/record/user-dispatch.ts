/**
 * Syscall user dispatch (prctl PR_SET_SYSCALL_USER_DISPATCH): system calls from outside of a range of the program's text
 * bring SIGSYS while a byte of its memory says so. In the kernel it would see the engine's calls, so the recorder asks.
 *
 * Source: kernel/entry/syscall_user_dispatch.c, Linux 6.18. A task that is made has none, nor has a new program.
 */
import { ERRNO, rawSyscall, SI, SIG, SYSCALLS } from "../../ffi/mod.ts";
import { argumentsOf } from "../arch/x86_64/call-abi.ts";
import { BUFFERED, type BufferedCall } from "../kernel/mod.ts";
import type { Call } from "./call.ts";
import type { Answer, Interceptor } from "./interceptor.ts";
import type { RecordedTask } from "./recorded-task.ts";
import { type Judgement, sigsys } from "./seccomp/mod.ts";
import { siginfo } from "./traced/tracing.ts";

/** PR_SET_SYSCALL_USER_DISPATCH, and its modes (linux/prctl.h). */
const SET_USER_DISPATCH = 59;
const MODE = { off: 0, exclusive: 1, inclusive: 2 } as const;
/** What the byte says (SYSCALL_DISPATCH_FILTER_*). */
const FILTER = { allow: 0, block: 1 } as const;
/** SYS_USER_DISPATCH, the si_code (asm-generic/siginfo.h). */
const SYS_USER_DISPATCH = 2;
/** End of the program's memory (TASK_SIZE_MAX). */
const USER_END = 2 ** 47 - 4096;
const WORDS = 2n ** 64n;

/** Nothing is done without a stop. */
const NOTHING: readonly BufferedCall[] = [];

/** What a task has asked for: calls from so many bytes on are let pass. */
interface Dispatch {
  readonly start: bigint;
  readonly length: bigint;
  /** Where the byte is; 0 for none, which blocks. */
  readonly selector: number;
}

let inclusive: boolean | undefined;

/** Whether the kernel has the inverted range (since Linux 6.16): it says EFAULT to a bad byte only then. */
function hasInclusive(): boolean {
  inclusive ??=
    rawSyscall(SYSCALLS.prctl, SET_USER_DISPATCH, MODE.inclusive, 4096, 4096, WORDS - 1n) === -ERRNO.EFAULT;
  return inclusive;
}

/** Keeps what tasks have asked for, and withholds their calls. */
export class UserDispatch implements Interceptor {
  readonly #of = new WeakMap<RecordedTask, Dispatch>();

  judges(task: RecordedTask, { site }: Call): Judgement | undefined {
    const dispatch = this.#of.get(task);
    if (!dispatch) return undefined;
    const { start, length, selector } = dispatch;
    if (BigInt.asUintN(64, BigInt(site.next) - start) < length) return undefined;
    if (selector !== 0) {
      const [says] = task.space.memory.read(selector, 1);
      if (says === FILTER.allow) return undefined;
      if (says === undefined) return { kind: "killProcess", siginfo: siginfo(SIG.SIGSEGV, SI.KERNEL, 0, 0) };
      if (says !== FILTER.block)
        return { kind: "killProcess", siginfo: siginfo(SIG.SIGSYS, SI.KERNEL, 0, 0) };
    }
    return { kind: "signal", siginfo: sigsys(site, 0, SYS_USER_DISPATCH) };
  }

  spares(task: RecordedTask): readonly BufferedCall[] {
    return this.#of.has(task) ? NOTHING : BUFFERED;
  }

  answers(task: RecordedTask, call: Call): Answer | undefined {
    if (call.number !== SYSCALLS.prctl || call.int(0) !== SET_USER_DISPATCH) return undefined;
    return () => this.#set(task, call);
  }

  replaced(task: RecordedTask): void {
    this.#of.delete(task);
  }

  #set(task: RecordedTask, call: Call): number {
    const mode = call.argument(1);
    const [, , start = 0n, length = 0n] = argumentsOf(call.registers);
    const selector = call.argument(4);
    const wraps = BigInt.asUintN(64, start + length) <= start;
    if (mode === MODE.off) {
      if (start !== 0n || length !== 0n || selector !== 0) return -ERRNO.EINVAL;
      this.#of.delete(task);
      return 0;
    }
    const isInverted = mode === MODE.inclusive && hasInclusive();
    if (mode !== MODE.exclusive && !isInverted) return -ERRNO.EINVAL;
    if (wraps && (isInverted || start !== 0n)) return -ERRNO.EINVAL;
    if (selector >= USER_END) return -ERRNO.EFAULT;
    this.#of.set(
      task,
      isInverted ? { start: start + length, length: WORDS - length, selector } : { start, length, selector },
    );
    return 0;
  }
}

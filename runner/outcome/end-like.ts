/** Ends this process the way the recorded program ended, so that a shell sees no difference. */
import type { catchInterrupts, takeLateSignal } from "../../engine/mod.ts";
import { OK, SIGNAL_BASE } from "../errors/mod.ts";
import type { Exit } from "./report.ts";

/** prctl(PR_SET_DUMPABLE); linux/prctl.h */
const PR_SET_DUMPABLE = 4;
/** `how` of rt_sigprocmask; asm-generic/signal-defs.h */
const SIG_UNBLOCK = 1;

/**
 * Does all of a run with the signals caught that end one, so that none finds half of something on disk. One that comes
 * too late for the run to end by it ends this process.
 *
 * @param engine The engine, which is loaded on demand only.
 * @param run Takes care of interrupts itself.
 */
export function untilEnd<R extends { exit: Exit | undefined }>(
  engine: { catchInterrupts: typeof catchInterrupts; takeLateSignal: typeof takeLateSignal },
  run: () => R,
): R {
  const interrupts = engine.catchInterrupts();
  let result: R;
  try {
    result = run();
  } finally {
    interrupts[Symbol.dispose]();
  }
  const late = engine.takeLateSignal();
  return late === 0 ? result : { ...result, exit: { signal: late } };
}

/**
 * Gives the program's exit code, or dies of the signal that it died of.
 *
 * @param exit How the program ended; undefined if its end is not known (a trace that was cut off).
 * @returns The exit code to end with. After a fatal signal it is not reached.
 */
export async function endLike(exit: Exit | undefined): Promise<number> {
  if (exit === undefined) return OK;
  if ("code" in exit) return exit.code;
  await dieOf(exit.signal);
  return SIGNAL_BASE + exit.signal;
}

/**
 * Sends a signal to this very thread, with its default effect: whatever Bun had installed for it is taken
 * away. No core is dumped, since it would show tickproof and not the program.
 */
async function dieOf(signal: number): Promise<void> {
  const { KERNEL_SIGACTION, NativeBuffer, retry, SIGSET_SIZE, SYSCALLS, signalBit } = await import(
    "../../ffi/mod.ts"
  );
  retry(SYSCALLS.prctl, PR_SET_DUMPABLE, 0);
  // All zeros are SIG_DFL without flags. SIGKILL is refused, and needs none.
  const action = NativeBuffer.map(KERNEL_SIGACTION.size);
  retry(SYSCALLS.rt_sigaction, signal, action.address, 0, SIGSET_SIZE);
  const mask = NativeBuffer.map(SIGSET_SIZE);
  mask.u64[0] = signalBit(signal);
  retry(SYSCALLS.rt_sigprocmask, SIG_UNBLOCK, mask.address, 0, SIGSET_SIZE);
  retry(SYSCALLS.tgkill, process.pid, retry(SYSCALLS.gettid), signal);
}

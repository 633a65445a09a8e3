/** Numbers of signals in the protocol, which are gdb's own. Source: include/gdb/signals.def of GDB 13. */
import { SIG } from "../../../ffi/mod.ts";

const NUMBERS: readonly (readonly [number, number])[] = [
  [SIG.SIGHUP, 1],
  [SIG.SIGINT, 2],
  [SIG.SIGQUIT, 3],
  [SIG.SIGILL, 4],
  [SIG.SIGTRAP, 5],
  [SIG.SIGABRT, 6],
  [SIG.SIGFPE, 8],
  [SIG.SIGKILL, 9],
  [SIG.SIGBUS, 10],
  [SIG.SIGSEGV, 11],
  [SIG.SIGSYS, 12],
  [SIG.SIGPIPE, 13],
  [SIG.SIGALRM, 14],
  [SIG.SIGTERM, 15],
  [SIG.SIGURG, 16],
  [SIG.SIGSTOP, 17],
  [SIG.SIGTSTP, 18],
  [SIG.SIGCONT, 19],
  [SIG.SIGCHLD, 20],
  [SIG.SIGTTIN, 21],
  [SIG.SIGTTOU, 22],
  [SIG.SIGIO, 23],
  [SIG.SIGXCPU, 24],
  [SIG.SIGXFSZ, 25],
  [SIG.SIGVTALRM, 26],
  [SIG.SIGPROF, 27],
  [SIG.SIGWINCH, 28],
  [SIG.SIGUSR1, 30],
  [SIG.SIGUSR2, 31],
  [SIG.SIGPWR, 32],
  [32, 77],
  [64, 78],
];
const FIRST_REALTIME = { kernel: 33, gdb: 45 } as const;
/** What gdb calls a signal that it does not know. */
const UNKNOWN = 143;

/** gdb's number of a signal. */
export function gdbSignal(signal: number): number {
  const known = NUMBERS.find(([kernel]) => kernel === signal);
  if (known) return known[1];
  const realtime = signal - FIRST_REALTIME.kernel;
  return realtime >= 0 && signal < 64 ? FIRST_REALTIME.gdb + realtime : UNKNOWN;
}

/** The signal that has a number of gdb's, or 0. */
export function kernelSignal(number: number): number {
  const known = NUMBERS.find(([, gdb]) => gdb === number);
  if (known) return known[0];
  const realtime = number - FIRST_REALTIME.gdb;
  return realtime >= 0 && realtime < 31 ? FIRST_REALTIME.kernel + realtime : 0;
}

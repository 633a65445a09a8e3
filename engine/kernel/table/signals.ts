/**
 * System calls on signals.
 *
 * Sources: section 2 of the manual pages; `kernel/signal.c` of Linux 6.18.
 */
import { argument, int } from "../amounts.ts";
import { out } from "../areas.ts";
import { unlessZeroTime } from "../conditions.ts";
import { all, calm, changesNothing, plain, type Table, task } from "../entry.ts";
import { SIGACTION, SIGINFO, SIGSET, STACK } from "./sizes.ts";

export const SIGNALS: Table = changesNothing({
  ...calm({
    rt_sigaction: { writes: [out(2, SIGACTION)] },
    rt_sigprocmask: { writes: [out(2, SIGSET)] },
    rt_sigpending: { writes: [out(0, SIGSET)] },
    rt_sigtimedwait: {
      blocks: unlessZeroTime(2),
      sleepsFor: "no call by a descriptor",
      writes: [out(1, SIGINFO)],
    },
    rt_sigsuspend: { blocks: true, sleepsFor: "no call by a descriptor", waitingMask: argument(0) },
    rt_sigreturn: task("sigreturn"),
    pause: { blocks: true, sleepsFor: "no call by a descriptor" },
    sigaltstack: { writes: [out(1, STACK)] },
  }),
  ...all(["kill", "tkill", "rt_sigqueueinfo", "pidfd_send_signal"], { signal: int(1) }),
  ...all(["tgkill", "rt_tgsigqueueinfo"], { signal: int(2) }),
  ...plain("signalfd", "signalfd4"),
});

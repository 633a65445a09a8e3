/**
 * System calls on signals.
 *
 * Sources: section 2 of the manual pages; `kernel/signal.c` of Linux 6.18.
 */
import { out } from "../areas.ts";
import { unlessZeroTime } from "../conditions.ts";
import { calm, plain, type Table } from "../entry.ts";
import { SIGACTION, SIGINFO, SIGSET, STACK } from "./sizes.ts";

export const SIGNALS: Table = {
  ...calm({
    rt_sigaction: { writes: [out(2, SIGACTION)] },
    rt_sigprocmask: { writes: [out(2, SIGSET)] },
    rt_sigpending: { writes: [out(0, SIGSET)] },
    rt_sigtimedwait: { blocks: unlessZeroTime(2), writes: [out(1, SIGINFO)] },
    rt_sigsuspend: { blocks: true },
    rt_sigreturn: { handling: "task" },
    pause: { blocks: true },
    sigaltstack: { writes: [out(1, STACK)] },
  }),
  ...plain(
    "kill",
    "pidfd_send_signal",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    "signalfd",
    "signalfd4",
    "tgkill",
    "tkill",
  ),
};

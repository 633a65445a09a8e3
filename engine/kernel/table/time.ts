/**
 * System calls on clocks, timers and sleep.
 *
 * Sources: section 2 of the manual pages; `kernel/time/*.c` of Linux 6.18.
 */
import { out } from "../areas.ts";
import { calm, changesNothing, plain, type Table } from "../entry.ts";
import { ITIMERSPEC, ITIMERVAL, TIMESPEC, TIMEVAL, TIMEX, TIMEZONE, TMS } from "./sizes.ts";

export const TIME: Table = calm(
  changesNothing({
    time: { writes: [out(0, 8)] },
    times: { writes: [out(0, TMS)] },
    gettimeofday: { writes: [out(0, TIMEVAL), out(1, TIMEZONE)] },
    clock_gettime: { writes: [out(1, TIMESPEC)] },
    clock_getres: { writes: [out(1, TIMESPEC)] },
    adjtimex: { writes: [out(0, TIMEX)] },
    clock_adjtime: { writes: [out(1, TIMEX)] },

    // The time left is written when a signal breaks off the sleep: EINTR, or ERESTART_RESTARTBLOCK as a tracer sees it.
    nanosleep: { blocks: true, sleepsFor: "no call by a descriptor", writesAlways: [out(1, TIMESPEC)] },
    clock_nanosleep: { blocks: true, sleepsFor: "no call by a descriptor", writesAlways: [out(3, TIMESPEC)] },
    // Its outputs are those of the call that it goes on with, which the engine knows.
    restart_syscall: { blocks: true },

    getitimer: { writes: [out(1, ITIMERVAL)] },
    setitimer: { writes: [out(2, ITIMERVAL)] },
    timer_create: { writes: [out(2, 4)] },
    timer_gettime: { writes: [out(1, ITIMERSPEC)] },
    timer_settime: { writes: [out(3, ITIMERSPEC)] },
    timerfd_gettime: { writes: [out(1, ITIMERSPEC)] },
    timerfd_settime: { writes: [out(3, ITIMERSPEC)] },
    ...plain("alarm", "clock_settime", "settimeofday", "timer_delete", "timer_getoverrun", "timerfd_create"),
  }),
);

/**
 * System calls that wait for several descriptors at once.
 *
 * Sources: select(2), poll(2), epoll_wait(2); `fs/select.c` and `fs/eventpoll.c` of Linux 6.18.
 */
import { argument, count, field, int, times, whole } from "../amounts.ts";
import { type Area, filled, out } from "../areas.ts";
import { unlessZero, unlessZeroTime } from "../conditions.ts";
import { calm, changesNothing, type Entry, type Table } from "../entry.ts";
import { EPOLL_EVENT, POLLFD, TIMESPEC, TIMEVAL } from "./sizes.ts";

/** Bytes of an fd_set for the number of descriptors in argument 0: whole 64-bit words. */
const FD_SET = whole(int(0), 64, 8);

const FD_SETS: Area[] = [out(1, FD_SET), out(2, FD_SET), out(3, FD_SET)];

/** All of the pollfds: their revents are written even when a signal broke off the wait (do_sys_poll). */
const POLLFDS = out(0, times(count(1), POLLFD));

const EVENTS = filled(1, 2, EPOLL_EVENT);

/** A wait for several descriptors at once. */
function wait(entry: Entry): Entry {
  return { waitsForMany: true, ...entry };
}

export const WAITING: Table = calm(
  changesNothing({
    // The time left is written back however the call ends (poll_select_finish).
    select: wait({ blocks: unlessZeroTime(4), writes: FD_SETS, writesAlways: [out(4, TIMEVAL)] }),
    // The last argument points to a structure that begins with the address of the mask.
    pselect6: wait({
      blocks: unlessZeroTime(4),
      writes: FD_SETS,
      writesAlways: [out(4, TIMESPEC)],
      waitingMask: field(5, 0, 64),
    }),
    poll: wait({ blocks: unlessZero(2), writesAlways: [POLLFDS] }),
    ppoll: wait({
      blocks: unlessZeroTime(2),
      writesAlways: [POLLFDS, out(2, TIMESPEC)],
      waitingMask: argument(3),
    }),
    epoll_wait: wait({ blocks: unlessZero(3), writes: [EVENTS] }),
    epoll_pwait: wait({ blocks: unlessZero(3), writes: [EVENTS], waitingMask: argument(4) }),
    epoll_pwait2: wait({ blocks: unlessZeroTime(3), writes: [EVENTS], waitingMask: argument(4) }),
  }),
);

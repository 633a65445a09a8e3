/**
 * System calls on sockets.
 *
 * Sources: section 2 of the manual pages; `net/socket.c`, `net/core/sock.c` of Linux 6.18.
 */
import { int, result } from "../amounts.ts";
import { filled, message, out, receivedMessages, sockaddr } from "../areas.ts";
import { not, oneOf, unless } from "../conditions.ts";
import { changesNothing, plain, type Table } from "../entry.ts";
import { ANY } from "../files.ts";
import { TIMESPEC } from "./sizes.ts";
import { GETSOCKOPT, SETSOCKOPT } from "./sockopt.ts";

/** MSG_DONTWAIT (linux/socket.h). */
const MSG_DONTWAIT = 0x40;

/** AF_XDP (linux/socket.h). */
const AF_XDP = 44;

/** AF_UNIX (linux/socket.h): sockets that stay on this machine. All others count as a network, netlink too. */
const AF_UNIX = 1;
const OTHER_FAMILY = not(oneOf(int(0), [AF_UNIX]));

export const NETWORK: Table = changesNothing({
  socket: {
    opensNetwork: OTHER_FAMILY,
    refuses: [
      {
        when: oneOf(int(0), [AF_XDP]),
        reason: "AF_XDP sockets share rings of packets with the kernel, which writes them at any time",
      },
    ],
  },
  socketpair: { opensNetwork: OTHER_FAMILY, writes: [out(3, 8)] },
  accept: { blocks: true, writes: [sockaddr(1, 2)] },
  accept4: { blocks: true, writes: [sockaddr(1, 2)] },
  connect: { blocks: true },
  getsockname: { writes: [sockaddr(1, 2)] },
  getpeername: { writes: [sockaddr(1, 2)] },
  getsockopt: GETSOCKOPT,
  setsockopt: SETSOCKOPT,

  // With MSG_TRUNC the result is the length of the packet, which may exceed the buffer.
  recvfrom: {
    blocks: unless(3, MSG_DONTWAIT),
    writes: [filled(1, 2), sockaddr(4, 5)],
  },
  // Descriptors that come in a message may be the standard output.
  recvmsg: {
    blocks: unless(2, MSG_DONTWAIT),
    descriptors: ANY,
    writes: [message("receivedMessage", 1)],
    writesAlways: [message("receivedControl", 1)],
  },
  recvmmsg: {
    blocks: unless(3, MSG_DONTWAIT),
    descriptors: ANY,
    writes: [receivedMessages(1, 2), out(4, TIMESPEC)],
    writesAlways: [message("receivedControl", 1)],
  },
  sendto: { blocks: unless(3, MSG_DONTWAIT), sends: { fd: 0, from: out(1, result) } },
  sendmsg: { blocks: unless(2, MSG_DONTWAIT), sends: { fd: 0, from: message("sentMessage", 1) } },
  sendmmsg: {
    blocks: unless(3, MSG_DONTWAIT),
    writes: [message("messageLengths", 1)],
    sends: { fd: 0, from: message("sentMessages", 1) },
  },
  // A socket that is bound to a path makes a file there.
  bind: { changes: [{ kind: "boundAddress", address: 1, length: 2 }] },
  ...plain("listen", "shutdown"),
});

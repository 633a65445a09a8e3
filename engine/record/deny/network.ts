/** Which calls bring a program a way to a network. */
import { SYSCALLS } from "../../../ffi/mod.ts";
import type { CallView } from "../../kernel/call.ts";

/** AF_UNIX (linux/socket.h): sockets that stay on this machine. All others count as a network, netlink too. */
const AF_UNIX = 1;

/** A program without a network has sockets of one family; those that it was started with stay usable. */
export function opensNetwork(call: CallView): boolean {
  if (call.number === SYSCALLS.pidfd_getfd) return true;
  return (call.number === SYSCALLS.socket || call.number === SYSCALLS.socketpair) && call.int(0) !== AF_UNIX;
}

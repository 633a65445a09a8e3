/**
 * TCP on the loopback interface, without an event loop: whoever serves one client at a time can block, until a signal of
 * `installInterrupts` comes. Sources: ip(7), tcp(7).
 */
import { rawSyscall, SYSCALLS, unwrap } from "../kernel/mod.ts";
import { scratch } from "../memory/mod.ts";
import { close } from "./files.ts";
import { awaitEvents, untimed } from "./interruptible.ts";

const AF_INET = 2;
/** SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK: a client that has gone before it is accepted is not waited for. */
const TYPE = 1 | 0o2000000 | 0o4000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
/** struct sockaddr_in, 16 bytes. */
const ADDRESS_BYTES = 16;
const POLLIN = 1;

/** A socket that listens on 127.0.0.1. */
export interface Listener {
  fd: number;
  port: number;
}

/**
 * Listens for one client on 127.0.0.1.
 *
 * @param port 0 for any that is free.
 * @throws SyscallError, as EADDRINUSE.
 */
export function listenOnLoopback(port: number): Listener {
  const fd = unwrap("socket", rawSyscall(SYSCALLS.socket, AF_INET, TYPE, 0));
  try {
    scratch.i32[0] = 1;
    unwrap("setsockopt", rawSyscall(SYSCALLS.setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, scratch.address, 4));
    const { view } = scratch;
    scratch.u8.fill(0, 0, ADDRESS_BYTES);
    view.setUint16(0, AF_INET, true);
    view.setUint16(2, port, false);
    view.setUint32(4, 0x7f000001, false);
    unwrap("bind", rawSyscall(SYSCALLS.bind, fd, scratch.address, ADDRESS_BYTES));
    unwrap("listen", rawSyscall(SYSCALLS.listen, fd, 1));
    scratch.i32[ADDRESS_BYTES / 4] = ADDRESS_BYTES;
    const lengthAt = scratch.address + ADDRESS_BYTES;
    unwrap("getsockname", rawSyscall(SYSCALLS.getsockname, fd, scratch.address, lengthAt));
    return { fd, port: view.getUint16(2, false) };
  } catch (error) {
    close(fd);
    throw error;
  }
}

/**
 * Waits for a client.
 *
 * @returns Its socket, or -errno: -EINTR where a caught signal came first, a timer's aside.
 */
export function acceptClient({ fd }: Listener): number {
  const ready = untimed(() => awaitEvents(fd, POLLIN));
  if (ready < 0) return ready;
  const client = rawSyscall(SYSCALLS.accept4, fd, 0, 0, 0o2000000);
  if (client < 0) return client;
  scratch.i32[0] = 1;
  unwrap("setsockopt", rawSyscall(SYSCALLS.setsockopt, client, IPPROTO_TCP, TCP_NODELAY, scratch.address, 4));
  return client;
}

/** Whether something can be read from a descriptor now, its end included. */
export function isReadable(fd: number): boolean {
  scratch.i32[0] = fd;
  scratch.i32[1] = POLLIN;
  return rawSyscall(SYSCALLS.poll, scratch.address, 1, 0) > 0;
}

/**
 * Waits until something can be read from a descriptor, its end included.
 *
 * @returns Whether that is so; false where a caught signal came first, a timer's aside.
 */
export function awaitReadable(fd: number): boolean {
  return untimed(() => awaitEvents(fd, POLLIN)) > 0;
}

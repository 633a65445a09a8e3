/**
 * Hands open descriptors to a child without letting it open anything: they travel over a pair of sockets of which the
 * child inherits one end. Sources: unix(7), SCM_RIGHTS; recvmsg(2); cmsg(3); struct msghdr of linux/socket.h.
 */

import { ERRNO, retry, SYSCALLS, unwrap } from "../kernel/mod.ts";
import { NativeBuffer, scratch } from "../memory/mod.ts";
import { close } from "./files.ts";

const AF_UNIX = 1;
/** SOCK_SEQPACKET | SOCK_CLOEXEC. */
const TYPE = 5 | 0o2000000;
const F_SETFD = 2;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
/** MSG_CMSG_CLOEXEC: the receiver's descriptor is close-on-exec. */
const CMSG_CLOEXEC = 0x4000_0000;

/** A message with one byte and one descriptor, and where its parts lie from its start on. */
const MESSAGE = { size: 128, iov: 64, byte: 80, control: 96 } as const;
/** struct cmsghdr with one descriptor: its length, and where the descriptor is. */
const CONTROL = { length: 20, space: 24, descriptor: 16 } as const;

/** Writes a message into memory that is at `address` for whoever sends or receives it. */
function putMessage(into: DataView, address: number): void {
  const u64 = (at: number, value: number) => into.setBigUint64(at, BigInt(value), true);
  u64(16, address + MESSAGE.iov); // msg_iov
  u64(24, 1); // msg_iovlen
  u64(32, address + MESSAGE.control); // msg_control
  u64(40, CONTROL.space); // msg_controllen
  u64(MESSAGE.iov, address + MESSAGE.byte);
  u64(MESSAGE.iov + 8, 1);
}

/** What a child passes to the kernel to take a descriptor. */
export interface ReceiveCall {
  number: number;
  args: readonly number[];
  /** What has to be in its memory, at the address that was given. */
  message: Uint8Array;
}

/** A pair of sockets by which this process hands descriptors to one child. */
export class DescriptorChannel implements Disposable {
  /** The end of children: they have it under the same number. */
  readonly childEnd: number;
  readonly #ownEnd: number;
  readonly #message = NativeBuffer.map(MESSAGE.size);

  /** @throws SyscallError where there is no descriptor left (EMFILE). */
  constructor() {
    unwrap("socketpair", retry(SYSCALLS.socketpair, AF_UNIX, TYPE, 0, scratch.address));
    [this.#ownEnd, this.childEnd] = [scratch.i32[0] ?? -1, scratch.i32[1] ?? -1];
    unwrap("fcntl", retry(SYSCALLS.fcntl, this.childEnd, F_SETFD, 0));
  }

  /** Puts a descriptor on its way; the next {@link receiveCall} of a child takes it. */
  send(fd: number): void {
    const { view, address } = this.#message;
    putMessage(view, address);
    view.setBigUint64(MESSAGE.control, BigInt(CONTROL.length), true);
    view.setInt32(MESSAGE.control + 8, SOL_SOCKET, true);
    view.setInt32(MESSAGE.control + 12, SCM_RIGHTS, true);
    view.setInt32(MESSAGE.control + CONTROL.descriptor, fd, true);
    unwrap("sendmsg", retry(SYSCALLS.sendmsg, this.#ownEnd, address, 0));
  }

  /**
   * The system call by which a child takes a descriptor.
   *
   * @param address Where in the child's memory its message is to be, of {@link DescriptorChannel.MESSAGE_BYTES}.
   */
  receiveCall(address: number): ReceiveCall {
    const message = new Uint8Array(MESSAGE.size);
    putMessage(new DataView(message.buffer), address);
    return { number: SYSCALLS.recvmsg, args: [this.childEnd, address, CMSG_CLOEXEC], message };
  }

  /** Bytes of a message in a child's memory. */
  static readonly MESSAGE_BYTES: number = MESSAGE.size;

  /**
   * The descriptor that a child has got.
   *
   * @param message Its memory after the call.
   * @returns Its number there; -EMFILE where the child can have no more.
   */
  static received(message: Uint8Array): number {
    const view = new DataView(message.buffer, message.byteOffset, message.length);
    // Where no descriptor can be made the kernel delivers the byte alone (net/core/scm.c, scm_detach_fds).
    if (view.getBigUint64(40, true) < BigInt(CONTROL.length)) return -ERRNO.EMFILE;
    return view.getInt32(MESSAGE.control + CONTROL.descriptor, true);
  }

  [Symbol.dispose](): void {
    close(this.#ownEnd);
    close(this.childEnd);
    this.#message[Symbol.dispose]();
  }
}

/**
 * Requests of asynchronous I/O: what struct iocb asks for, and the ordinary call that does the same (linux/aio_abi.h;
 * __io_submit_one and what it calls in fs/aio.c, Linux 6.18).
 */
import { ERRNO, IOVEC, type SyscallName } from "../../../ffi/mod.ts";

/** struct iocb, as far as it is looked at. */
export interface Request {
  /** Address of the struct, by which its event names it. */
  readonly at: number;
  readonly data: bigint;
  readonly opcode: number;
  readonly fd: number;
  readonly buffer: number;
  readonly count: number;
  readonly offset: bigint;
  readonly readWriteFlags: number;
  /** Descriptor of an eventfd that is told of its end; undefined for none. */
  readonly eventFd: number | undefined;
}

/** Bytes of struct iocb, and its fields. */
export const IOCB = {
  size: 64,
  data: 0,
  key: 8,
  readWriteFlags: 12,
  opcode: 16,
  fd: 20,
  buffer: 24,
  count: 32,
  offset: 40,
  reserved: 48,
  flags: 56,
  eventFd: 60,
} as const;
/** IOCB_FLAG_RESFD, IOCB_FLAG_IOPRIO. */
const FLAG_EVENT_FD = 1;
const FLAGS = 3;
/** IOCB_CMD_*. */
export const OPCODE = { pread: 0, pwrite: 1, fsync: 2, fdsync: 3, poll: 5, preadv: 7, pwritev: 8 } as const;

/** A request, or the error that it has at once. */
export function decodeRequest(at: number, bytes: Uint8Array): Request | number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const flags = view.getUint32(IOCB.flags, true);
  const count = view.getBigUint64(IOCB.count, true);
  if (view.getBigUint64(IOCB.reserved, true) !== 0n || BigInt.asIntN(64, count) < 0n) return -ERRNO.EINVAL;
  if ((flags & ~FLAGS) !== 0) return -ERRNO.EINVAL;
  const request: Request = {
    at,
    data: view.getBigUint64(IOCB.data, true),
    opcode: view.getUint16(IOCB.opcode, true),
    fd: view.getInt32(IOCB.fd, true),
    buffer: Number(view.getBigUint64(IOCB.buffer, true)),
    count: Number(count),
    offset: view.getBigInt64(IOCB.offset, true),
    readWriteFlags: view.getUint32(IOCB.readWriteFlags, true),
    eventFd: (flags & FLAG_EVENT_FD) === 0 ? undefined : view.getInt32(IOCB.eventFd, true),
  };
  const isPlain = request.count === 0 && request.offset === 0n && request.readWriteFlags === 0;
  switch (request.opcode) {
    case OPCODE.fsync:
    case OPCODE.fdsync:
      return isPlain && request.buffer === 0 ? request : -ERRNO.EINVAL;
    case OPCODE.poll:
      return isPlain && request.buffer <= 0xffff ? request : -ERRNO.EINVAL;
    default:
      return Object.values<number>(OPCODE).includes(request.opcode) ? request : -ERRNO.EINVAL;
  }
}

/** A call that does what a request asks for. */
export interface OrdinaryCall {
  readonly name: SyscallName;
  readonly args: readonly (number | bigint)[];
}

/**
 * The calls that do a request, in the order in which they are to be tried: the second is for what has no positions.
 *
 * @param scratch Where an iovec of 16 bytes may be, which {@link vectorOf} has.
 */
export function ordinaryCalls(request: Request, scratch: number): OrdinaryCall[] {
  const { opcode, fd, buffer, count, offset, readWriteFlags } = request;
  if (opcode === OPCODE.fsync) return [{ name: "fsync", args: [fd] }];
  if (opcode === OPCODE.fdsync) return [{ name: "fdatasync", args: [fd] }];
  const isVector = opcode === OPCODE.preadv || opcode === OPCODE.pwritev;
  const reads = opcode === OPCODE.pread || opcode === OPCODE.preadv;
  const vector = isVector ? [buffer, count] : [scratch, 1];
  if (readWriteFlags !== 0) {
    return [{ name: reads ? "preadv2" : "pwritev2", args: [fd, ...vector, offset, 0, readWriteFlags] }];
  }
  if (isVector) {
    return [
      { name: reads ? "preadv" : "pwritev", args: [fd, buffer, count, offset, 0] },
      { name: reads ? "readv" : "writev", args: [fd, buffer, count] },
    ];
  }
  return [
    { name: reads ? "pread64" : "pwrite64", args: [fd, buffer, count, offset] },
    { name: reads ? "read" : "write", args: [fd, buffer, count] },
  ];
}

/** The iovec of a request with a buffer. */
export function vectorOf({ buffer, count }: Request): Uint8Array {
  const view = new DataView(new ArrayBuffer(IOVEC.size));
  view.setBigUint64(IOVEC.base, BigInt(buffer), true);
  view.setBigUint64(IOVEC.length, BigInt(count), true);
  return new Uint8Array(view.buffer);
}

/** Whether a request is for a descriptor's being ready. */
export function isPoll({ opcode }: Request): boolean {
  return opcode === OPCODE.poll;
}

/** Whether a request writes to its file. */
export function isWrite({ opcode }: Request): boolean {
  return opcode === OPCODE.pwrite || opcode === OPCODE.pwritev;
}

/** What a descriptor has to be ready for before a request is done: POLLIN or POLLOUT (asm-generic/poll.h). */
export function readiness(request: Request): number {
  if (isPoll(request)) return request.buffer;
  return isWrite(request) ? 4 : 1;
}

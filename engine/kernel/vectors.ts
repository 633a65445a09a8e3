/**
 * Memory that a system call reaches through an array of pointers: iovecs and message headers.
 */
import { evaluate, result } from "./amounts.ts";
import type { CallView, MemoryRange } from "./call-view.ts";

/** The areas that a message header, or an array of messages, leads to: each is the function of this name. */
export type MessageArea =
  | "sentMessage"
  | "receivedMessage"
  | "receivedControl"
  | "sentMessages"
  | "messageLengths";

/** Longest array of iovecs, or of messages, that the kernel takes (UIO_MAXIOV, `linux/uio.h`). */
const UIO_MAXIOV = 1024;

/** Size of a `struct iovec` (`linux/uio.h`): base, length. */
const IOVEC_SIZE = 16;

/** Largest socket address (`struct sockaddr_storage`, `linux/socket.h`). */
const SOCKADDR_STORAGE_SIZE = 128;

/** Offsets in a `struct user_msghdr` (`include/linux/socket.h`). */
const MSGHDR = {
  name: 0,
  nameLength: 8,
  iovecs: 16,
  iovecCount: 24,
  control: 32,
  controlLength: 40,
  size: 56,
};

/** Offset of `msg_len` in a `struct mmsghdr`, and its size. */
const MMSGHDR = { length: 56, size: 64 };

/** The first `amount` bytes of the buffers that `count` iovecs at `array` describe. */
export function scatter(call: CallView, array: number, count: number, amount: number): MemoryRange[] {
  const ranges: MemoryRange[] = [];
  let left = amount;
  for (let i = 0; i < Math.min(count, UIO_MAXIOV) && left > 0; i++) {
    const address = call.u64(array + i * IOVEC_SIZE);
    const length = Math.min(call.u64(array + i * IOVEC_SIZE + 8), left);
    ranges.push({ address, length });
    left -= length;
  }
  return ranges;
}

/** What a receiving call wrote by way of the message header at `header`, given how many bytes arrived. */
function received(call: CallView, header: number, amount: number): MemoryRange[] {
  return [
    ...scatter(call, call.u64(header + MSGHDR.iovecs), call.u64(header + MSGHDR.iovecCount), amount),
    // The lengths in the header are by now those of what arrived; the address may have been cut to a shorter buffer.
    {
      address: call.u64(header + MSGHDR.name),
      length: Math.min(call.u32(header + MSGHDR.nameLength), SOCKADDR_STORAGE_SIZE),
    },
    { address: header, length: MSGHDR.size },
    control(call, header),
  ];
}

/** The control data of the message header at `header`: as much as was written, or the room for it if the call failed. */
function control(call: CallView, header: number): MemoryRange {
  return { address: call.u64(header + MSGHDR.control), length: call.u64(header + MSGHDR.controlLength) };
}

/** The headers of the first `count` messages in the array at argument `i` of a recvmmsg or sendmmsg. */
function messages(call: CallView, i: number, count: number): number[] {
  return Array.from({ length: count }, (_, n) => call.argument(i) + n * MMSGHDR.size);
}

/** The bytes that a sendmsg took from the message header at argument `at`. */
export function sentMessage(call: CallView, at: number): MemoryRange[] {
  const header = call.argument(at);
  return scatter(
    call,
    call.u64(header + MSGHDR.iovecs),
    call.u64(header + MSGHDR.iovecCount),
    evaluate(result, call),
  );
}

/** What a recvmsg wrote by way of the message header at argument `at`. */
export function receivedMessage(call: CallView, at: number): MemoryRange[] {
  return received(call, call.argument(at), evaluate(result, call));
}

/**
 * The control data of the message header at argument `at`. A socket with SO_PASSCRED has it written even where there
 * is no message (EAGAIN): unix_stream_read_generic in `net/unix/af_unix.c` of Linux 6.18 ends with scm_recv.
 */
export function receivedControl(call: CallView, at: number): MemoryRange[] {
  return [control(call, call.argument(at))];
}

/** The bytes that a sendmmsg took from the messages at argument `at`. */
export function sentMessages(call: CallView, at: number): MemoryRange[] {
  return messages(call, at, call.result).flatMap((header) =>
    scatter(
      call,
      call.u64(header + MSGHDR.iovecs),
      call.u64(header + MSGHDR.iovecCount),
      call.u32(header + MMSGHDR.length),
    ),
  );
}

/**
 * What a recvmmsg wrote by way of the messages at argument `at`, of which argument `countAt` says how many there are.
 *
 * It ends at the first message that fails, and does not tell the error if others came before: so the one behind
 * the last is taken to have failed half-way.
 */
export function receivedMessages(call: CallView, at: number, countAt: number): MemoryRange[] {
  const complete = Math.max(0, call.result);
  const touched = Math.min(complete + 1, call.argument(countAt), UIO_MAXIOV);
  return messages(call, at, touched).flatMap((header, n) => {
    const length = n < complete ? call.u32(header + MMSGHDR.length) : Number.POSITIVE_INFINITY;
    return [...received(call, header, length), { address: header, length: MMSGHDR.size }];
  });
}

/** The `msg_len` that a sendmmsg left in each of the messages at argument `at`. */
export function messageLengths(call: CallView, at: number): MemoryRange[] {
  return messages(call, at, call.result).map((header) => ({ address: header + MMSGHDR.length, length: 4 }));
}

/** A socket address at argument `at` and its length at argument `lengthAt`, both written where they are given. */
export function socketAddress(call: CallView, at: number, lengthAt: number): MemoryRange[] {
  const lengthAddress = call.argument(lengthAt);
  return [
    { address: call.argument(at), length: Math.min(call.u32(lengthAddress), SOCKADDR_STORAGE_SIZE) },
    { address: lengthAddress, length: 4 },
  ];
}

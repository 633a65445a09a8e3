/**
 * The options of sockets: how much getsockopt writes, and which options cannot be recorded.
 *
 * Sources: socket(7), tcp(7), packet(7); `net/core/sock.c`, `net/ipv4/tcp.c`, `net/packet/af_packet.c`.
 */
import { ERRNO } from "../../../ffi/mod.ts";
import { int, pointedLength, times } from "../amounts.ts";
import { out, when } from "../areas.ts";
import type { Refusal } from "../call.ts";
import { every, oneOf } from "../conditions.ts";
import type { Entry } from "../entry.ts";

/** Levels (linux/socket.h, linux/in.h). */
const SOL_IP = 0;
const SOL_SOCKET = 1;
const SOL_TCP = 6;
const SOL_IPV6 = 41;

/** It maps received pages into the program; tcp_zerocopy_receive of net/ipv4/tcp.c is only there with CONFIG_MMU. */
const TCP_ZEROCOPY_RECEIVE = 35;

/** Its length counts the 8-byte instructions of a filter, not bytes (asm-generic/socket.h, sk_get_filter). */
const SO_GET_FILTER = 26;
const FILTER_INSTRUCTION = 8;

/** An option that cannot be recorded. */
interface RefusedOption {
  level: number;
  option: number;
  reason: string;
}

const isOption = (level: number, option: number) => every(oneOf(int(1), [level]), oneOf(int(2), [option]));

const UNREADABLE: readonly RefusedOption[] = [128, 129, 130, 131].map((option) => ({
  level: SOL_IP,
  option,
  reason: "the ebtables options write through pointers within their argument",
}));

const UNSETTABLE: readonly RefusedOption[] = [
  { level: SOL_IP, option: 64 },
  { level: SOL_IPV6, option: 64 },
  { level: SOL_IP, option: 96 },
  { level: SOL_IP, option: 128 },
].map((which) => ({
  ...which,
  reason: "replacing a table of packet filters writes counters through a pointer",
}));

function refusals(options: readonly RefusedOption[]): Refusal[] {
  return options.map(({ level, option, reason }) => ({
    when: isOption(level, option),
    reason,
  }));
}

const LENGTH = pointedLength(4);

/** getsockopt: the value, as long as the length says at exit; that length also when it did not fit (ERANGE). */
export const GETSOCKOPT: Entry = {
  writes: [
    out(3, LENGTH),
    when(isOption(SOL_SOCKET, SO_GET_FILTER), out(3, times(LENGTH, FILTER_INSTRUCTION))),
  ],
  writesAlways: [out(4, 4)],
  answers: [
    {
      when: isOption(SOL_TCP, TCP_ZEROCOPY_RECEIVE),
      errno: ERRNO.ENOPROTOOPT,
      reason: "TCP_ZEROCOPY_RECEIVE maps received pages into the program",
    },
  ],
  refuses: refusals(UNREADABLE),
};

/**
 * SO_SNDBUF and SO_SNDBUFFORCE, how much is sent before its sender has to wait, and SO_RCVLOWAT, how much is waited for
 * (asm-generic/socket.h).
 */
const AMOUNTS = [7, 32, 18];

/** setsockopt: writes nothing, but for the options that it refuses. */
export const SETSOCKOPT: Entry = {
  changesWaiting: every(oneOf(int(1), [SOL_SOCKET]), oneOf(int(2), AMOUNTS)),
  refuses: refusals(UNSETTABLE),
};

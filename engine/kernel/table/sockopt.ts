/**
 * The options of sockets: how much getsockopt writes, and which options cannot be recorded.
 *
 * Sources: socket(7), tcp(7), packet(7); `net/core/sock.c`, `net/ipv4/tcp.c`, `net/packet/af_packet.c`.
 */
import { field, int, pointedLength, times } from "../amounts.ts";
import { out, when } from "../areas.ts";
import type { Refusal } from "../call.ts";
import { every, not, oneOf } from "../conditions.ts";
import type { Entry } from "../entry.ts";

/** Levels (linux/socket.h, linux/in.h). */
const SOL_IP = 0;
const SOL_SOCKET = 1;
const SOL_TCP = 6;
const SOL_IPV6 = 41;
const SOL_PACKET = 263;

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

const UNREADABLE: readonly RefusedOption[] = [
  { level: SOL_TCP, option: 35, reason: "TCP_ZEROCOPY_RECEIVE maps received pages into the program" },
  ...[128, 129, 130, 131].map((option) => ({
    level: SOL_IP,
    option,
    reason: "the ebtables options write through pointers within their argument",
  })),
];

const UNSETTABLE: readonly RefusedOption[] = [
  { level: SOL_PACKET, option: 5, reason: "PACKET_RX_RING shares memory that the kernel writes at any time" },
  {
    level: SOL_PACKET,
    option: 13,
    reason: "PACKET_TX_RING shares memory that the kernel writes at any time",
  },
  ...[
    { level: SOL_IP, option: 64 },
    { level: SOL_IPV6, option: 64 },
    { level: SOL_IP, option: 96 },
    { level: SOL_IP, option: 128 },
  ].map((which) => ({
    ...which,
    reason: "replacing a table of packet filters writes counters through a pointer",
  })),
];

const HAS_BLOCKS = not(oneOf(field(3, 4, 32), [0]));

function refusals(options: readonly RefusedOption[]): Refusal[] {
  return options.map(({ level, option, reason }) => ({
    // A ring of no blocks is none: it takes one away (struct tpacket_req of linux/if_packet.h).
    when: level === SOL_PACKET ? every(isOption(level, option), HAS_BLOCKS) : isOption(level, option),
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

/**
 * Pieces of memory that a system call reads or writes: the nouns in the little language of the table. Data, as amounts
 * are; `rangesOf` says where they are for a given call.
 */
import { type Amount, argument, evaluate, least, result, times } from "./amounts.ts";
import type { CallView, MemoryRange } from "./call-view.ts";
import { type Condition, holds } from "./conditions.ts";
import {
  type MessageArea,
  messageLengths,
  receivedControl,
  receivedMessage,
  receivedMessages as receivedMessagesOf,
  scatter,
  sentMessage,
  sentMessages,
  socketAddress,
} from "./vectors.ts";

/** Memory as a function of the call that touches it. `at` is an argument, 0 to 5. */
export type Area =
  /** `length` bytes at the address in the argument. */
  | { readonly kind: "buffer"; readonly at: number; readonly length: Amount }
  /** The part of a buffer that the call filled: `unit` times its result, but at most what argument `capacityAt` says. */
  | { readonly kind: "filled"; readonly at: number; readonly capacityAt: number; readonly unit: number }
  /** `length` bytes at the address that the program's memory holds `offset` bytes behind the argument. */
  | { readonly kind: "behind"; readonly at: number; readonly offset: number; readonly length: Amount }
  /** The string at the argument, with its NUL. */
  | { readonly kind: "string"; readonly at: number }
  /** The first `length` bytes of the buffers of the iovecs at the argument, counted by argument `countAt`. */
  | { readonly kind: "iovecs"; readonly at: number; readonly countAt: number; readonly length: Amount }
  /** A socket address at the argument and its length at argument `lengthAt`, both written where they are given. */
  | { readonly kind: "socketAddress"; readonly at: number; readonly lengthAt: number }
  /** What a message header at the argument leads to: see the functions of these names in `vectors.ts`. */
  | { readonly kind: MessageArea; readonly at: number }
  /** What a recvmmsg wrote by way of the messages at the argument, counted by argument `countAt`. */
  | { readonly kind: "receivedMessages"; readonly at: number; readonly countAt: number }
  /** Only for calls for which a condition holds. */
  | { readonly kind: "when"; readonly condition: Condition; readonly area: Area }
  | { readonly kind: "both"; readonly areas: readonly Area[] }
  /** What the command in the argument touches; `otherwise` for those that are not listed. */
  | {
      readonly kind: "command";
      readonly at: number;
      readonly areas: ReadonlyMap<number, Area>;
      readonly otherwise?: Area;
    };

/** `length` bytes at the address in argument `at`: `out(1, 144)` is a `struct stat *` in the second argument. */
export function out(at: number, length: Amount): Area {
  return { kind: "buffer", at, length };
}

/**
 * The part of a buffer at argument `at` that the call filled: as long as its result, but at most `capacity`, which
 * argument `capacityAt` says. A result may be larger: the length of a packet that was cut, of a value only asked for.
 */
export function filled(at: number, capacityAt: number, unit = 1): Area {
  return { kind: "filled", at, capacityAt, unit };
}

/** How much of a buffer the call filled. */
export function filledLength({ capacityAt, unit }: Area & { kind: "filled" }): Amount {
  return times(least(result, argument(capacityAt)), unit);
}

/** `length` bytes at the address that the program's memory holds `offset` bytes behind argument `at`. */
export function behind(at: number, offset: number, length: Amount): Area {
  return { kind: "behind", at, offset, length };
}

/** The string that the kernel left at argument `at`, with its NUL. */
export function string(at: number): Area {
  return { kind: "string", at };
}

/** The first `length` bytes of the buffers in the iovecs at argument `at`, counted by argument `countAt`. */
export function iovecs(at: number, countAt: number, length: Amount): Area {
  return { kind: "iovecs", at, countAt, length };
}

/** A socket address at argument `at` and its length at argument `lengthAt`, both written where they are given. */
export function sockaddr(at: number, lengthAt: number): Area {
  return { kind: "socketAddress", at, lengthAt };
}

/** What the message header, or the messages, at argument `at` lead to. */
export function message(kind: MessageArea, at: number): Area {
  return { kind, at };
}

/** What a recvmmsg wrote by way of the messages at argument `at`, of which argument `countAt` says how many. */
export function receivedMessages(at: number, countAt: number): Area {
  return { kind: "receivedMessages", at, countAt };
}

/** `area`, but only for calls for which `condition` holds: a command that decides what the others mean. */
export function when(condition: Condition, area: Area): Area {
  return { kind: "when", condition, area };
}

/** Several areas as one. */
export function both(...areas: Area[]): Area {
  return { kind: "both", areas };
}

/**
 * What one command of a multiplexing call writes: `byCommand(1, { 5: out(2, 32) })` says that command 5 (in
 * argument 1, of which the kernel looks at 32 bits) writes 32 bytes at argument 2, and that the others write nothing,
 * or `otherwise`.
 */
export function byCommand(
  at: number,
  areas: Readonly<Record<number, Area>> | ReadonlyMap<number, Area>,
  otherwise?: Area,
): Area {
  const map =
    areas instanceof Map
      ? areas
      : new Map(Object.entries(areas).map(([command, area]): [number, Area] => [Number(command), area]));
  return { kind: "command", at, areas: map, ...(otherwise && { otherwise }) };
}

/** What a process_vm_writev has taken from the memory of its own process. */
export const LOCAL_IOVECS = iovecs(1, 2, result);

/** What a process_vm_writev has written in the memory of the other process. */
export const REMOTE_IOVECS = iovecs(3, 4, result);

const MESSAGES: Readonly<Record<MessageArea, (call: CallView, at: number) => MemoryRange[]>> = {
  sentMessage,
  receivedMessage,
  receivedControl,
  sentMessages,
  messageLengths,
};

/** The memory that an area is for a given call; lengths may be without bound. */
export function rangesOf(area: Area, call: CallView): MemoryRange[] {
  switch (area.kind) {
    case "buffer":
      return [{ address: call.argument(area.at), length: evaluate(area.length, call) }];
    case "filled":
      return [{ address: call.argument(area.at), length: evaluate(filledLength(area), call) }];
    case "behind": {
      const pointer = call.argument(area.at);
      if (pointer === 0) return [];
      return [{ address: call.u64(pointer + area.offset), length: evaluate(area.length, call) }];
    }
    case "string": {
      const address = call.argument(area.at);
      return [{ address, length: Buffer.byteLength(call.string(address)) + 1 }];
    }
    case "iovecs": {
      const { at, countAt, length } = area;
      return scatter(call, call.argument(at), call.argument(countAt), evaluate(length, call));
    }
    case "socketAddress":
      return socketAddress(call, area.at, area.lengthAt);
    case "sentMessage":
    case "receivedMessage":
    case "receivedControl":
    case "sentMessages":
    case "messageLengths":
      return MESSAGES[area.kind](call, area.at);
    case "receivedMessages":
      return receivedMessagesOf(call, area.at, area.countAt);
    case "when":
      return holds(area.condition, call) ? rangesOf(area.area, call) : [];
    case "both":
      return area.areas.flatMap((part) => rangesOf(part, call));
    case "command": {
      const found = area.areas.get(call.int(area.at) >>> 0) ?? area.otherwise;
      return found ? rangesOf(found, call) : [];
    }
  }
}

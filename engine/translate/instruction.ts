/** What a translation has to know of one instruction of the program. */

/** How an instruction is translated. */
export enum Kind {
  /** Copied as it is (its RIP-relative operand adjusted). */
  Plain,
  /** jcc: a conditional branch that reads the flags. */
  Jcc,
  /** loop, loope, loopne, jrcxz, jecxz: conditional branches on rcx. */
  Loop,
  Jmp,
  JmpIndirect,
  Call,
  CallIndirect,
  Ret,
  Syscall,
  /** Its result does not follow from the program's state, or only the processor knows it: the tracer sees to it. */
  Emulated,
  /** int3: the program's own breakpoint. */
  Breakpoint,
  /** Can't be run out of a code cache (int 0x80). */
  Unsupported,
  /** None that the decoders know: the processor has to say what it is, as a rule no instruction. */
  Invalid,
  /** The bytes can't be fetched: the page is unmapped or not executable. */
  NoFetch,
}

/** Arithmetic flags, in iced's numbering (RflagsBits). */
export const FLAG = { OF: 1, SF: 2, ZF: 4, AF: 8, CF: 16, PF: 32 } as const;
/** All arithmetic flags. */
export const ALL_FLAGS = 63;

/** Name of what can't be decoded. */
export const UNKNOWN = "unknown";

/** One decoded instruction. */
export interface Decoded {
  pc: number;
  length: number;
  kind: Kind;
  /** Mnemonic in lower case, where the kind is one that the tracer is asked for; else "". */
  name: string;
  /** Arithmetic flags read, and those overwritten whatever the operands are. */
  flagsRead: number;
  flagsWritten: number;
  /** It may raise a signal itself, whose handler sees all flags: operands in memory, divisions, floating-point compares. */
  mayFault: boolean;
  /** Target of a direct branch, else 0. */
  target: number;
  /** Offset of a RIP-relative 32-bit displacement in the bytes, or 0. */
  displacement: number;
  /** Condition (low nibble of the opcode) of a jcc. */
  condition: number;
  /** It may store the address of the last x87 instruction (`x87-emission.ts`). */
  tellsX87: boolean;
  /** Bytes of an ignored XACQUIRE or XRELEASE prefix: index in the bytes, or -1. */
  elidedPrefix: number;
  bytes: Uint8Array;
}

/**
 * What stands at a place where there is no instruction to be decoded.
 *
 * @param bytes What an instruction there could have at most.
 */
export function undecoded(
  pc: number,
  kind: Kind.Invalid | Kind.NoFetch,
  bytes: Uint8Array = new Uint8Array(0),
): Decoded {
  return {
    pc,
    length: 0,
    kind,
    name: kind === Kind.Invalid ? UNKNOWN : "",
    flagsRead: 0,
    flagsWritten: 0,
    mayFault: true,
    target: 0,
    displacement: 0,
    condition: 0,
    tellsX87: false,
    elidedPrefix: -1,
    bytes,
  };
}

/** Flags that the conditions of jcc, setcc and cmovcc read, by pairs (Intel SDM vol. 1, appendix B). */
export const CONDITION_FLAGS: readonly number[] = [
  FLAG.OF,
  FLAG.CF,
  FLAG.ZF,
  FLAG.CF | FLAG.ZF,
  FLAG.SF,
  FLAG.PF,
  FLAG.SF | FLAG.OF,
  FLAG.SF | FLAG.OF | FLAG.ZF,
];

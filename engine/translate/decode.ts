/**
 * Decoding of the program's text: one instruction at an app pc becomes a small record that says how it has to
 * be translated. The work is iced-x86's; what we add is the classification, cached by instruction code.
 */
import { Code, ConditionCode, Decoder, DecoderOptions, FlowControl, Instruction } from "iced-x86";

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
  /** Its result does not follow from the program's state: the tracer answers it. */
  Emulated,
  /** xbegin: takes its abort path at once. */
  Xbegin,
  /** int3: the program's own breakpoint. */
  Breakpoint,
  /** Can't be run out of a code cache (int 0x80, far jumps …). */
  Unsupported,
  /** No valid instruction: raises SIGILL where it is executed. */
  Invalid,
  /** The bytes can't be fetched: the page is unmapped or not executable. */
  NoFetch,
}

/** RFLAGS bits in iced's numbering (RflagsBits). */
export const FLAG = { OF: 1, SF: 2, ZF: 4, AF: 8, CF: 16, PF: 32 } as const;
/** All arithmetic flags. */
export const ALL_FLAGS = 63;

/** One decoded instruction. */
export interface Decoded {
  pc: number;
  length: number;
  kind: Kind;
  /** iced's Code, names the instruction in messages. */
  code: Code;
  /** Arithmetic flags read, and those overwritten whatever the operands are. */
  flagsRead: number;
  flagsWritten: number;
  /** Target of a direct branch, else 0. */
  target: number;
  /** Offset of a RIP-relative 32-bit displacement in the bytes, or 0. */
  displacement: number;
  /** Condition (low nibble of the opcode) of a jcc. */
  condition: number;
  /** Bytes of an ignored XACQUIRE or XRELEASE prefix: index in the bytes, or -1. */
  elidedPrefix: number;
  bytes: Uint8Array;
}

interface CodeTraits {
  kind: Kind;
  read: number;
  written: number;
  /** Condition of a jcc, as the low nibble of its opcode. */
  condition: number;
}

const EMULATED =
  /^(Rdtsc|Rdtscp|Rdrand_|Rdseed_|Cpuid|Xgetbv|Rdpid_|Sgdt_|Sidt_|Sldt_|Str_|Smsw_|Umwait_|Tpause_)/;
/** A count of zero leaves all flags as they were, so that these never count as writers. */
const MAY_LEAVE_FLAGS =
  /^(Shl|Shr|Sal|Sar|Rol|Ror|Rcl|Rcr|Shld|Shrd|Cmpsb|Cmpsw|Cmpsd|Cmpsq|Scasb|Scasw|Scasd|Scasq)_/;
/** AF is formally undefined after these, in fact cleared (Intel SDM vol. 1, 3.4.3.1; AMD APM vol. 1, 3.1.4). */
const CLEARS_AF = /^(And|Or|Xor|Test)_/;

/** iced's names of the conditions, in the order of their encoding (Intel SDM vol. 1, appendix B). */
const CONDITIONS: readonly ConditionCode[] = [
  ConditionCode.o,
  ConditionCode.no,
  ConditionCode.b,
  ConditionCode.ae,
  ConditionCode.e,
  ConditionCode.ne,
  ConditionCode.be,
  ConditionCode.a,
  ConditionCode.s,
  ConditionCode.ns,
  ConditionCode.p,
  ConditionCode.np,
  ConditionCode.l,
  ConditionCode.ge,
  ConditionCode.le,
  ConditionCode.g,
];

function classify(instruction: Instruction): CodeTraits {
  const code = instruction.code;
  const name = Code[code];
  let kind = Kind.Plain;
  switch (instruction.flowControl) {
    case FlowControl.Next:
      if (EMULATED.test(name)) kind = Kind.Emulated;
      break;
    case FlowControl.UnconditionalBranch:
      kind = name.startsWith("Jmp_rel") ? Kind.Jmp : Kind.Unsupported;
      break;
    case FlowControl.IndirectBranch:
      kind = name === "Jmp_rm64" ? Kind.JmpIndirect : Kind.Unsupported;
      break;
    case FlowControl.ConditionalBranch:
      kind = /^(Loop|Jcxz|Jecxz|Jrcxz)/.test(name) ? Kind.Loop : Kind.Jcc;
      break;
    case FlowControl.Return:
      kind = name.startsWith("Retnq") ? Kind.Ret : Kind.Unsupported;
      break;
    case FlowControl.Call:
      kind = name === "Syscall" ? Kind.Syscall : name.startsWith("Call_rel") ? Kind.Call : Kind.Unsupported;
      break;
    case FlowControl.IndirectCall:
      kind = name === "Call_rm64" ? Kind.CallIndirect : Kind.Unsupported;
      break;
    case FlowControl.Interrupt:
      // int1 traps by itself, and the kernel tells it from an int3.
      kind = name === "Int3" ? Kind.Breakpoint : name === "Int1" ? Kind.Plain : Kind.Unsupported;
      break;
    case FlowControl.XbeginXabortXend:
      kind = name.startsWith("Xbegin") ? Kind.Xbegin : Kind.Plain;
      break;
    case FlowControl.Exception:
      // ud0, ud1 and ud2 are copied and fault by themselves.
      kind = name.startsWith("Ud") ? Kind.Plain : Kind.Invalid;
      break;
  }
  if (code === Code.INVALID) kind = Kind.Invalid;
  if (name.startsWith("Syscall")) kind = Kind.Syscall;
  let written = instruction.rflagsWritten | instruction.rflagsCleared | instruction.rflagsSet;
  if (CLEARS_AF.test(name)) written |= FLAG.AF;
  if (MAY_LEAVE_FLAGS.test(name)) written = 0;
  // popf, iret and the like change more than arithmetic flags; nothing depends on that here.
  const condition = kind === Kind.Jcc ? CONDITIONS.indexOf(instruction.conditionCode) : 0;
  return { kind, read: instruction.rflagsRead & ALL_FLAGS, written: written & ALL_FLAGS, condition };
}

const PAGE = 4096;
/** Longest x86 instruction, in bytes. */
const MAX_INSTRUCTION = 15;

interface Window {
  bytes: Uint8Array;
  decoder: Decoder;
  base: number;
}

/** Decodes the text of one address space; pages are fetched once and kept until {@link forget}. */
export class TextDecoder64 {
  private readonly windows = new Map<number, Window>();
  private readonly instruction = new Instruction();
  private readonly traits: (CodeTraits | undefined)[] = [];
  /** Window and pc of the instruction that would follow the last one. */
  private last: Window | undefined;
  private lastNext = -1;

  /**
   * @param fetch Bytes of the executable page at an address (4096, or fewer where it ends), or undefined
   *   where the program could not execute.
   */
  constructor(private readonly fetch: (page: number) => Uint8Array | undefined) {}

  /** Drops what is known of the pages in [start, end). */
  forget(start: number, end: number): void {
    this.last = undefined;
    for (const [page, window] of this.windows) {
      if (page + PAGE + MAX_INSTRUCTION > start && page < end) {
        window.decoder.free();
        this.windows.delete(page);
      }
    }
  }

  private window(page: number): Window | undefined {
    const known = this.windows.get(page);
    if (known) return known;
    const first = this.fetch(page);
    if (!first || first.length === 0) return undefined;
    let bytes = first.slice();
    if (first.length === PAGE) {
      const second = this.fetch(page + PAGE);
      if (second) {
        const joined = new Uint8Array(PAGE + Math.min(MAX_INSTRUCTION, second.length));
        joined.set(bytes);
        joined.set(second.subarray(0, MAX_INSTRUCTION), PAGE);
        bytes = joined;
      }
    }
    const window = { bytes, decoder: new Decoder(64, bytes, DecoderOptions.None), base: page };
    this.windows.set(page, window);
    return window;
  }

  /** The instruction at `pc`; never throws, whatever the bytes are. */
  decode(pc: number): Decoded {
    const page = pc - (pc % PAGE);
    let window = this.last;
    if (!window || window.base !== page) window = this.window(page);
    const offset = pc - page;
    if (!window || offset >= window.bytes.length) return nothing(pc, Kind.NoFetch);
    const { decoder, bytes } = window;
    if (window !== this.last || pc !== this.lastNext) {
      decoder.position = offset;
      decoder.ip = BigInt(pc);
    }
    const instruction = this.instruction;
    decoder.decodeOut(instruction);
    const length = instruction.length;
    this.last = window;
    this.lastNext = pc + length;
    const code = instruction.code;
    if (code === Code.INVALID) {
      this.last = undefined;
      return nothing(pc, isCut(bytes.subarray(offset)) ? Kind.NoFetch : Kind.Invalid);
    }
    let traits = this.traits[code];
    if (!traits) {
      traits = classify(instruction);
      this.traits[code] = traits;
    }
    const own = bytes.subarray(offset, offset + length);
    const decoded: Decoded = {
      pc,
      length,
      kind: traits.kind,
      code,
      flagsRead: traits.read,
      flagsWritten: traits.written,
      target: 0,
      displacement: 0,
      condition: 0,
      elidedPrefix: -1,
      bytes: own,
    };
    switch (traits.kind) {
      case Kind.Jcc: {
        decoded.condition = traits.condition;
        decoded.target = Number(instruction.nearBranchTarget);
        break;
      }
      case Kind.Loop:
      case Kind.Jmp:
      case Kind.Call:
      case Kind.Xbegin:
        decoded.target = Number(instruction.nearBranchTarget);
        break;
      case Kind.Plain:
      case Kind.JmpIndirect:
      case Kind.CallIndirect:
        if (length >= 6 && instruction.isIpRelMemoryOperand) {
          const offsets = decoder.getConstantOffsets(instruction);
          decoded.displacement = offsets.displacementOffset;
          offsets.free();
        }
        if (mayElide(own) && (instruction.hasXacquirePrefix || instruction.hasXreleasePrefix)) {
          decoded.elidedPrefix = own.findIndex(isElision);
        }
        break;
    }
    return decoded;
  }
}

/** Whether bytes at the end of what can be fetched are the beginning of an instruction, rather than none. */
function isCut(bytes: Uint8Array): boolean {
  if (bytes.length >= MAX_INSTRUCTION) return false;
  const padded = new Uint8Array(MAX_INSTRUCTION);
  padded.set(bytes);
  const decoder = new Decoder(64, padded, DecoderOptions.None);
  const { code } = decoder.decode();
  decoder.free();
  return code !== Code.INVALID;
}

function isElision(byte: number): boolean {
  return byte === 0xf2 || byte === 0xf3;
}

/** Whether one of the first bytes may be an elision prefix: spares most instructions two calls. */
function mayElide(bytes: Uint8Array): boolean {
  return isElision(bytes[0]!) || (bytes.length > 2 && (isElision(bytes[1]!) || isElision(bytes[2]!)));
}

function nothing(pc: number, kind: Kind): Decoded {
  return {
    pc,
    length: 0,
    kind,
    code: Code.INVALID,
    flagsRead: 0,
    flagsWritten: 0,
    target: 0,
    displacement: 0,
    condition: 0,
    elidedPrefix: -1,
    bytes: new Uint8Array(0),
  };
}

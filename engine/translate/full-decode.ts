/**
 * Decoding of any instruction there is, by iced-x86. What we add is the classification, cached by instruction
 * code. It takes a tenth of the engine's start to load, so it is only loaded when `quick-decode.ts` gives up.
 */
import {
  Code,
  ConditionCode,
  Decoder,
  DecoderOptions,
  FlowControl,
  Instruction,
  Mnemonic,
  OpKind,
} from "iced-x86";
import { ALL_FLAGS, type Decoded, FLAG, Kind, undecoded } from "./instruction.ts";

interface CodeTraits {
  kind: Kind;
  /** See Decoded. */
  name: string;
  read: number;
  written: number;
  /** Condition of a jcc, as the low nibble of its opcode. */
  condition: number;
  /** It may fault with operands in registers, too. */
  faults: boolean;
  /** See Decoded. */
  tellsX87: boolean;
}

const EMULATED =
  /^(Rdtsc|Rdtscp|Rdrand_|Rdseed_|Cpuid|Xgetbv|Rdpid_|Rdpru|S[gi]dt_|Sldt_|Str_|Smsw_|Lsl_|Lar_|Ver[rw]_|Umwait_|Tpause_|Fnstenv_|Fnsave_)/;
/** They may store the address of the last x87 instruction. */
const TELLS_X87 = /^(Fxsave|Xsave(64|opt|c|_))/;
/** A count of zero leaves all flags as they were, so that these never count as writers. */
const MAY_LEAVE_FLAGS =
  /^(Shl|Shr|Sal|Sar|Rol|Ror|Rcl|Rcr|Shld|Shrd|Cmpsb|Cmpsw|Cmpsd|Cmpsq|Scasb|Scasw|Scasd|Scasq)_/;
/** AF is formally undefined after these, in fact cleared (Intel SDM vol. 1, 3.4.3.1; AMD APM vol. 1, 3.1.4). */
const CLEARS_AF = /^(And|Or|Xor|Test)_/;

/** Operands in registers may fault as well. All that is rare may, for all we know, if it writes no flags. */
const FAULTS = /^Popf|comis/i;

/** Kinds whose instructions the tracer has to know by name. */
const ASKED_FOR: readonly Kind[] = [Kind.Emulated, Kind.Breakpoint, Kind.Unsupported];

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
      kind = name.startsWith("Jmp_rel") ? Kind.Jmp : Kind.Emulated;
      break;
    case FlowControl.IndirectBranch:
      kind = name === "Jmp_rm64" ? Kind.JmpIndirect : Kind.Emulated;
      break;
    case FlowControl.ConditionalBranch:
      kind = /^(Loop|Jcxz|Jecxz|Jrcxz)/.test(name) ? Kind.Loop : Kind.Jcc;
      break;
    case FlowControl.Return:
      kind = name.startsWith("Retnq") ? Kind.Ret : Kind.Emulated;
      break;
    case FlowControl.Call:
      kind = name === "Syscall" ? Kind.Syscall : name.startsWith("Call_rel") ? Kind.Call : Kind.Emulated;
      break;
    case FlowControl.IndirectCall:
      kind = name === "Call_rm64" ? Kind.CallIndirect : Kind.Emulated;
      break;
    case FlowControl.Interrupt:
      // int1 traps by itself, and the kernel tells it from an int3.
      kind = name === "Int3" ? Kind.Breakpoint : name === "Int1" ? Kind.Plain : Kind.Unsupported;
      break;
    case FlowControl.XbeginXabortXend:
      kind = name.startsWith("Xbegin") ? Kind.Emulated : Kind.Plain;
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
  return {
    kind,
    name: ASKED_FOR.includes(kind) ? name.toLowerCase().split("_")[0]! : "",
    read: instruction.rflagsRead & ALL_FLAGS,
    written: written & ALL_FLAGS,
    condition,
    faults: written === 0 || FAULTS.test(name),
    tellsX87: TELLS_X87.test(name),
  };
}

/** Longest x86 instruction, in bytes. */
const MAX_INSTRUCTION = 15;
/** Programs may not read counters: a privileged instruction raises the very same fault (#GP). */
const HLT = new Uint8Array([0xf4]);

const traitsByCode: (CodeTraits | undefined)[] = [];
const instruction = new Instruction();

/**
 * The instruction at `offset` of `text`; never throws, whatever the bytes are.
 *
 * @param pc Its address in the program.
 * @returns undefined where the text ends within what could be an instruction.
 */
export function fullDecode(text: Uint8Array, offset: number, pc: number): Decoded | undefined {
  const decoder = new Decoder(64, text.subarray(offset, offset + MAX_INSTRUCTION), DecoderOptions.None);
  try {
    decoder.ip = BigInt(pc);
    decoder.decodeOut(instruction);
    if (instruction.code !== Code.INVALID) return describe(decoder, text, offset, pc);
  } finally {
    decoder.free();
  }
  const rest = text.subarray(offset, offset + MAX_INSTRUCTION);
  return isCut(rest) ? undefined : undecoded(pc, Kind.Invalid, rest);
}

/**
 * `int n`: 3 is a breakpoint of two bytes, 0x80 a system call of 32-bit programs. The others fault by themselves,
 * all but 4, which traps by itself (the gates of arch/x86/kernel/idt.c that user mode may use are these three).
 */
function kindOfInterrupt(vector: number): Kind {
  return vector === 3 ? Kind.Breakpoint : vector === 0x80 ? Kind.Unsupported : Kind.Plain;
}

function describe(decoder: Decoder, text: Uint8Array, offset: number, pc: number): Decoded {
  const { code, length } = instruction;
  let traits = traitsByCode[code];
  if (!traits) {
    traits = classify(instruction);
    traitsByCode[code] = traits;
  }
  const bytes = text.subarray(offset, offset + length);
  const decoded: Decoded = {
    pc,
    length,
    kind: traits.kind,
    name: traits.name,
    flagsRead: traits.read,
    flagsWritten: traits.written,
    mayFault: traits.faults || hasMemoryOperand(),
    target: 0,
    displacement: 0,
    condition: traits.condition,
    tellsX87: traits.tellsX87,
    elidedPrefix: -1,
    bytes: code === Code.Rdpmc ? HLT : bytes,
  };
  if (isNarrowBranch(traits.kind, bytes)) {
    decoded.kind = Kind.Emulated;
    decoded.name = "branch";
  }
  if (code === Code.Int_imm8) decoded.kind = kindOfInterrupt(instruction.immediate8);
  switch (decoded.kind) {
    case Kind.Jcc:
    case Kind.Loop:
    case Kind.Jmp:
    case Kind.Call:
      // Beyond the program's half of the address space, a negative number is exact.
      decoded.target = Number(BigInt.asIntN(64, instruction.nearBranchTarget));
      break;
    case Kind.Plain:
    case Kind.Emulated:
    case Kind.JmpIndirect:
    case Kind.CallIndirect:
      if (instruction.isIpRelMemoryOperand) {
        const offsets = decoder.getConstantOffsets(instruction);
        decoded.displacement = offsets.displacementOffset;
        offsets.free();
      }
      if (instruction.hasXacquirePrefix || instruction.hasXreleasePrefix) {
        decoded.elidedPrefix = bytes.findIndex(isElision);
      }
      break;
  }
  return decoded;
}

/**
 * Whether a near branch has a prefix for 16-bit operands and no REX.W: Intel's processors ignore it, AMD's cut rip to 16
 * bits and have shorter displacements (AMD APM vol. 3, "JMP (Near)").
 */
function isNarrowBranch(kind: Kind, bytes: Uint8Array): boolean {
  if (
    kind !== Kind.Jmp &&
    kind !== Kind.Call &&
    kind !== Kind.Ret &&
    !(kind === Kind.JmpIndirect || kind === Kind.CallIndirect)
  )
    return false;
  let narrow = false;
  for (const byte of bytes) {
    if (byte === 0x66) narrow = true;
    else if ((byte & 0xf8) === 0x48) return false;
    else if (!PREFIXES.includes(byte)) return narrow;
  }
  return narrow;
}

/** Prefixes that may stand before a branch: segments, repetition, size of addresses, REX. */
const PREFIXES: readonly number[] = [
  0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x67, 0xf2, 0xf3, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,
];

/** Whether the instruction that was decoded last has an operand in memory. */
function hasMemoryOperand(): boolean {
  if (instruction.mnemonic === Mnemonic.Lea) return false;
  for (let i = 0; i < instruction.opCount; i++) {
    // All kinds of operands in memory stand behind the immediates.
    if (instruction.opKind(i) > OpKind.Immediate32to64) return true;
  }
  return false;
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

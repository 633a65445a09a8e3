/** Walks a stack from frame to frame, by the unwind information of the files that are mapped. */
import { Cursor } from "./cursor.ts";
import { ElfFile } from "./elf.ts";
import { type FrameRules, type Rule, rulesAt } from "./frame-rules.ts";

/** A file that is mapped with the right to execute. */
export interface UnwindText {
  start: number;
  end: number;
  /** Byte of the file at `start`. */
  offset: number;
  /** The file itself, or a copy of it. */
  path: string;
}

/** A stopped thread. */
export interface UnwindState {
  /** By name: rax … r15, rip. */
  registers: Readonly<Record<string, bigint>>;
  text: readonly UnwindText[];
  /** Eight bytes of memory; undefined where they are not known. */
  read(address: bigint): bigint | undefined;
}

/** One frame. */
export interface Frame {
  /** Where its function stands: at the instruction itself, or behind a call. */
  pc: bigint;
  /** It is behind a call, so that the call's line is that of the byte before. */
  called: boolean;
}

/** DWARF's numbers of registers, in their order (System V ABI for x86-64, figure 3.36). */
const NAMES = [
  ...["rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp"],
  ...["r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip"],
];
const [RBP, RSP, RIP] = [6, 7, 16];
const ADDRESS_BITS = 64;

type Registers = (bigint | undefined)[];

/**
 * Finds the frames of a thread.
 *
 * @param most Frames to go through at most.
 * @returns The innermost first. They end where nothing is known of how to go on.
 */
export function unwind({ registers, text, read }: UnwindState, most: number): Frame[] {
  const files = new Map<string, ElfFile | undefined>();
  let now: Registers = NAMES.map((name) => registers[name]);
  const frames: Frame[] = [];
  let called = false;
  while (frames.length < most) {
    const pc = now[RIP];
    if (pc === undefined || pc === 0n) {
      if (frames.length > 0) break;
    } else {
      frames.push({ pc, called });
    }
    const at: number = Number(pc ?? 0n) - (called ? 1 : 0);
    const mapped: UnwindText | undefined = text.find(({ start, end }) => start <= at && at < end);
    const rules: FrameRules | undefined = mapped && rulesOf(files, mapped, at);
    const next: Registers | undefined =
      rules !== undefined
        ? callerBy(rules, now, read)
        : frames.length <= 1 && (mapped === undefined || hasJustBeenCalled(now, read, text))
          ? behindBadCall(now, read)
          : byFramePointer(now, read);
    if (next === undefined) break;
    const [before, after] = [now[RSP], next[RSP]];
    // A stack grows down: a frame that does not go up would go on for ever.
    if (before === undefined || after === undefined || after <= before) break;
    called = rules?.signal !== true;
    now = next;
  }
  return frames;
}

function rulesOf(
  files: Map<string, ElfFile | undefined>,
  { path, start, offset }: UnwindText,
  at: number,
): FrameRules | undefined {
  if (!files.has(path)) files.set(path, ElfFile.open(path));
  const elf = files.get(path);
  const address = elf?.addressOf(offset + (at - start));
  return elf === undefined || address === undefined ? undefined : rulesAt(elf, address);
}

/** Rules of the caller's registers, applied. */
function callerBy(rules: FrameRules, now: Registers, read: UnwindState["read"]): Registers | undefined {
  const { cfa: how } = rules;
  const base = "program" in how ? evaluate(how.program, now, read, []) : now[how.register];
  if (base === undefined) return undefined;
  const cfa = "program" in how ? base : base + BigInt(how.offset);
  const next = now.map((value, register) => {
    const rule = rules.registers.get(register);
    return rule === undefined ? value : valueBy(rule, register, cfa, now, read);
  });
  if (!rules.registers.has(RSP)) next[RSP] = cfa;
  return rules.registers.has(RIP) ? next : undefined;
}

function valueBy(
  rule: Rule,
  register: number,
  cfa: bigint,
  now: Registers,
  read: UnwindState["read"],
): bigint | undefined {
  switch (rule.kind) {
    case "undefined":
      return undefined;
    case "same":
      return now[register];
    case "offset":
      return read(cfa + BigInt(rule.offset));
    case "value-offset":
      return cfa + BigInt(rule.offset);
    case "register":
      return now[rule.register];
    case "expression": {
      const value = evaluate(rule.program, now, read, [cfa]);
      return value === undefined || rule.value ? value : read(value);
    }
  }
}

/** The program has jumped to where nothing is: the caller's address is on the top of the stack. */
function behindBadCall(now: Registers, read: UnwindState["read"]): Registers | undefined {
  const rsp = now[RSP];
  if (rsp === undefined) return undefined;
  return now.map((value, register) => (register === RIP ? read(rsp) : register === RSP ? rsp + 8n : value));
}

/**
 * Whether the top of the stack leads back into text: so it is at the system call of a function that has no unwind information there,
 * since it would be wrong in a new thread (clone3 of glibc, sysdeps/unix/sysv/linux/x86_64/clone3.S).
 */
function hasJustBeenCalled(now: Registers, read: UnwindState["read"], text: readonly UnwindText[]): boolean {
  const back = Number((now[RSP] !== undefined && read(now[RSP])) || 0n);
  return text.some(({ start, end }) => start < back && back <= end);
}

/** Text without unwind information that keeps a frame pointer, as code made at run time does. */
function byFramePointer(now: Registers, read: UnwindState["read"]): Registers | undefined {
  const [rbp, rsp] = [now[RBP], now[RSP]];
  if (rbp === undefined || rsp === undefined || rbp < rsp) return undefined;
  const [saved, back] = [read(rbp), read(rbp + 8n)];
  if (saved === undefined || back === undefined) return undefined;
  return now.map((value, register) =>
    register === RIP ? back : register === RBP ? saved : register === RSP ? rbp + 16n : value,
  );
}

/** Operations that one expression may have: those of real files have some ten. */
const MOST_OPERATIONS = 1000;

/**
 * Evaluates an expression (DWARF 5, 2.5 and table 7.9), as far as linkers and the C library use them: in the PLT and
 * where a signal handler returns to. Undefined for any other.
 */
function evaluate(
  program: Uint8Array,
  now: Registers,
  read: UnwindState["read"],
  stack: bigint[],
): bigint | undefined {
  const cursor = new Cursor(new DataView(program.buffer, program.byteOffset, program.length), 0);
  for (let done = 0; !cursor.atEnd && done < MOST_OPERATIONS; done++) {
    const code = cursor.u8();
    const value = operation(code, cursor, now, read, stack);
    if (value === undefined) return undefined;
    stack.push(BigInt.asUintN(ADDRESS_BITS, value));
  }
  return stack.at(-1);
}

function operation(
  code: number,
  cursor: Cursor,
  now: Registers,
  read: UnwindState["read"],
  stack: bigint[],
): bigint | undefined {
  // DW_OP_lit0 … lit31, DW_OP_breg0 … breg31
  if (code >= 0x30 && code <= 0x4f) return BigInt(code - 0x30);
  if (code >= 0x70 && code <= 0x8f) {
    const value = now[code - 0x70];
    const offset = BigInt(cursor.sleb());
    return value === undefined ? undefined : value + offset;
  }
  if (code === 0x08) return BigInt(cursor.u8()); // DW_OP_const1u
  if (code === 0x09) return BigInt(cursor.i8()); // DW_OP_const1s
  const top = stack.pop();
  if (top === undefined) return undefined;
  if (code === 0x06) return read(top); // DW_OP_deref
  if (code === 0x23) return top + BigInt(cursor.uleb()); // DW_OP_plus_uconst
  const below = stack.pop();
  if (below === undefined) return undefined;
  switch (code) {
    case 0x1a: // DW_OP_and
      return below & top;
    case 0x1c: // DW_OP_minus
      return below - top;
    case 0x22: // DW_OP_plus
      return below + top;
    case 0x24: // DW_OP_shl
      return below << (top & 63n);
    case 0x2a: // DW_OP_ge
      return BigInt.asIntN(ADDRESS_BITS, below) >= BigInt.asIntN(ADDRESS_BITS, top) ? 1n : 0n;
    default:
      return undefined;
  }
}

/**
 * Random programs: blocks of instructions, joined by every kind of branch. A program ends when it has come to its last
 * block, or when its fuel (r12) is used up.
 */
import { CONDITIONS, instruction } from "./_instructions.ts";
import { Random } from "./_random.ts";

/** A program, in pieces that can be left out one by one. */
export interface Program {
  seed: number;
  /** It changes its own code, which is in memory of its own then. */
  changesItself: boolean;
  blocks: Block[];
}

/** Instructions, and the branch behind them. Labels are of the form `P_b3`: P stands for the program's own prefix. */
interface Block {
  lines: string[];
  /** Empty for none: the next block follows. */
  branch: string;
}

/** Functions of each program, which calls go to; behind the last block. */
const FUNCTIONS = 4;
/** Backward branches, calls and the like that a program may take. */
const FUEL = 80;

/** The program of a seed. */
export function randomProgram(seed: number): Program {
  const random = new Random(seed);
  const count = random.of([2, 5, 10, 20, 30]);
  const changesItself = random.once(8);
  const blocks = Array.from({ length: count + FUNCTIONS }, (_, b) => {
    const length = random.of([0, 1, 2, 3, 4, 6, 9, 13, 70]);
    const lines = Array.from({ length: b < count ? length : length % 10 }, () => instruction(random));
    if (changesItself && b < count) lines.push(...change(random, b, count));
    return { lines, branch: b < count ? branch(random, b, count) : ending(random) };
  });
  return { seed, changesItself, blocks };
}

/** Burns fuel without touching the flags. */
const BURN =
  "xchgq %rcx, %r12; leaq -1(%rcx), %rcx; jrcxz 2f; xchgq %rcx, %r12; jmp 3f; 2: xchgq %rcx, %r12; jmp leave; 3:";

/** An instruction that leaves rcx alone. */
function keepingCount(random: Random): string {
  for (;;) {
    const text = instruction(random);
    if (!/%[er]?c[xl]|%ch|rep|pcmp.str|[;:]|cld/.test(text)) return text;
  }
}

/** An instruction with an immediate, or a branch with a condition, that a store before or behind it changes. */
function change(random: Random, b: number, count: number): string[] {
  const to = random.below(count);
  const where = `P_s${b}`;
  const site = random.of([
    `${where}: movl $${1000 + random.below(1000)}, %ebx`,
    `${where}: addl $${1000 + random.below(1000)}, %eax`,
    `${where}: nop; nop; nop; nop; nop`,
  ]);
  const [offset, value] = site.includes("nop")
    ? [random.below(4), random.of([0x90, 0xf8, 0xf9, 0xf5])]
    : [1 + random.below(3), random.below(256)];
  const store = random.of([
    `movb $${value}, P_s${random.once(2) ? b : to}+${offset}`,
    `movb $${value}, P_s${b}+${offset}`,
    `movl $P_s${b}+${offset}, %edi; movb $${value}, %al; stosb`,
    `lock xorb $0, P_s${to}+1`,
  ]);
  return random.once(2) ? [site, store] : [store, site];
}

function branch(random: Random, b: number, count: number): string {
  const near = Math.min(count, b + 1 + random.below(5));
  const condition = random.of(CONDITIONS);
  const anywhere = `P_b${random.below(count)}`;
  const f = count + random.below(FUNCTIONS);
  const target = (at: number): string => (at === count ? "P_end" : `P_b${at}`);
  const hint = random.of(["", "", "", ".byte 0x2e; ", ".byte 0x3e; ", "bnd "]);
  switch (random.below(24)) {
    case 0:
    case 1:
    case 2:
      return `${BURN} j${condition} ${anywhere}`;
    case 3:
      return `movl $${1 + random.below(9)}, %ecx; 1: ${keepingCount(random)}; nop; ${random.of(["loop", "loope", "loopne"])} 1b`;
    case 4:
      return `${random.of(["jrcxz", "jecxz"])} 1f; incq %rdx; 1:`;
    case 5:
      return `movl $${target(near)}, %ebx; ${random.of(["", "notrack ", "bnd "])}jmp *%rbx`;
    case 6:
    case 7:
      return `${BURN} call P_b${f}`;
    case 8:
      return `${BURN} movl $P_b${f}, %ebx; call *%rbx`;
    case 9:
      return `${BURN} movl %eax, %ebx; andl $3, %ebx; jmp *P_table(,%rbx,8)`;
    case 10:
      return `${BURN} movl %edx, %ebx; andl $3, %ebx; call *P_functions(,%rbx,8)`;
    case 11:
      return `pushq $${target(near)}; ${random.of(["ret", "ret $0", "rep ret"])}`;
    case 12:
      return `pushq $77; pushq $${target(near)}; ret $8`;
    case 13:
      return "call 1f; 1: popq %rbx";
    case 14:
      return `pushq $${target(near)}; popq data+64; jmp *data+64`;
    case 15:
      // Into the middle of an instruction: eb 01 b8 … becomes another one.
      return ".byte 0xeb, 0xff, 0xc0";
    case 16:
      return `movl $40, %ecx; 1: decl %ecx; ${random.of(["incq %rax", "addl (%r14), %eax", "cmpq $1, 8(%r14)", "nop"])}; testl %ecx, %ecx; jnz 1b`;
    case 17:
      return `leaq -8(%rsp), %rsp; movq $${target(near)}, (%rsp); leaq 8(%rsp), %rsp; jmp *-8(%rsp)`;
    default:
      return `${hint}j${condition} ${target(near)}`;
  }
}

/** How a function ends. */
function ending(random: Random): string {
  return `j${random.of(CONDITIONS)} 1f; incl %eax; 1: ${random.of(["ret", "rep ret", "bnd ret", "ret $0", "popq %rbx; jmp *%rbx"])}`;
}

/** The text of a program; its entry is `<prefix>_b0`. */
export function assemblyOf({ blocks, changesItself }: Program, prefix: string): string {
  if (blocks.length === 0) return `.section .programs, "ax"\n${prefix}_b0: jmp leave\n`;
  const count = blocks.length - FUNCTIONS;
  const body = blocks.map(({ lines, branch: end }, b) => {
    const next = b + 1 < count ? `P_b${b + 1}` : "P_end";
    const continues = b < count ? ` movl $${next}, %r15d\n` : "";
    const last = b === count - 1 ? " jmp P_end\n" : "";
    return `P_b${b}:\n${continues}${lines.map((line) => ` ${line}\n`).join("")}${end ? ` ${end}\n` : ""}${last}`;
  });
  const tables = `P_table: .quad ${[1, 2, 3, 4].map((i) => (i < count ? `P_b${i}` : "P_end")).join(", ")}
P_functions: .quad ${[0, 1, 2, 3].map((i) => `P_b${count + i}`).join(", ")}`;
  // Sites that were left out: their stores would have no target.
  const text = body.join("");
  const missing = [...new Set(text.match(/P_s\d+/g))].filter((site) => !text.includes(`${site}:`));
  const stubs = missing.map((site) => `${site}: nop; nop; nop; nop; nop; nop\n`).join("");
  const section = changesItself ? '.section .changing, "awx"\n.balign 4096' : '.section .programs, "ax"';
  return `${section}\n${text} ret\nP_end: jmp leave\n${stubs}.data\n.balign 8\n${tables}\n`.replaceAll(
    /\bP_/g,
    `${prefix}_`,
  );
}

/** Fuel of each program. */
export const fuel = FUEL;

/**
 * Random assembly programs: blocks of instructions that read and write all flags, joined by every kind of branch.
 * They print a hash of all registers, flags and memory. The same seed gives the same program.
 */

const REGISTERS = ["ax", "bx", "cx", "dx", "si", "di"] as const;
const NUMBERED = ["8", "9", "10", "11"] as const;
const CONDITIONS = "o no b ae e ne be a s ns p np l ge le g".split(" ");
/** Suffix, register names and immediates of each operand size. */
const SIZES = [
  { suffix: "q", names: [...REGISTERS.map((r) => `r${r}`), ...NUMBERED.map((r) => `r${r}`)], limit: 2 ** 31 },
  {
    suffix: "l",
    names: [...REGISTERS.map((r) => `e${r}`), ...NUMBERED.map((r) => `r${r}d`)],
    limit: 2 ** 31,
  },
  { suffix: "w", names: [...REGISTERS, ...NUMBERED.map((r) => `r${r}w`)], limit: 2 ** 15 },
  {
    suffix: "b",
    names: ["al", "bl", "cl", "dl", "sil", "dil", ...NUMBERED.map((r) => `r${r}b`)],
    limit: 2 ** 7,
  },
] as const;
type Size = (typeof SIZES)[number];

class Random {
  constructor(private state: number) {}

  /** A number from 0 to below `limit` (xorshift). */
  below(limit: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % limit;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}

/** One random instruction, in AT&T syntax. It leaves rsp and r12 to r15 alone, and rcx too if `keepCount`. */
function instruction(random: Random, keepCount: boolean): string {
  const size = random.of([SIZES[0], SIZES[0], SIZES[1], SIZES[1], SIZES[2], SIZES[3]]);
  const wide = random.of(SIZES.slice(0, 3));
  const { suffix } = size;
  const register = ({ names }: Size): string =>
    `%${random.of(keepCount ? names.filter((name) => !/c[xl]/.test(name)) : names)}`;
  const immediate = ({ limit }: Size): string => `$${random.of([0, 1, -1, random.below(limit) - limit / 2])}`;
  const memory = (): string =>
    random.of([
      `${random.below(500)}(%r14)`,
      `-${8 + random.below(120)}(%rsp)`,
      `data+${random.below(500)}(%rip)`,
    ]);
  const condition = random.of(CONDITIONS);
  const arithmetic = random.of(["add", "sub", "and", "or", "xor", "adc", "sbb", "cmp"]);
  const shift = random.of(["shl", "shr", "sar", "rol", "ror", "rcl", "rcr"]);
  const choices: (() => string)[] = [
    () => `${arithmetic}${suffix} ${random.of([register(size), immediate(size)])}, ${register(size)}`,
    () => `${arithmetic}${suffix} ${memory()}, ${register(size)}`,
    () => `${arithmetic}${suffix} ${register(size)}, ${memory()}`,
    () => `test${suffix} ${register(size)}, ${register(size)}`,
    () => `${random.of(["inc", "dec", "neg", "not"])}${suffix} ${random.of([register(size), memory()])}`,
    () => `${shift}${suffix} $${random.below(40)}, ${register(size)}`,
    () => `${shift}${suffix} %cl, ${register(size)}`,
    () =>
      `${random.of(["shld", "shrd"])}${wide.suffix} $${random.below(40)}, ${register(wide)}, ${register(wide)}`,
    () => `${random.of(["bt", "bts", "btr", "btc"])}${wide.suffix} ${register(wide)}, ${register(wide)}`,
    () => `${random.of(["bsf", "bsr", "imul"])}${wide.suffix} ${register(wide)}, ${register(wide)}`,
    () => `mul${suffix} ${register(size)}`,
    () => random.of(["clc", "stc", "cmc", "lahf", "sahf", "cltq", "cqto"]),
    () => "pushfq; popq %rbx",
    () => `movq ${register(SIZES[0])}, %r15; andq $0x8d5, %r15; pushq %r15; popfq`,
    () => `set${condition} ${register(SIZES[3])}`,
    () => `cmov${condition}${wide.suffix} ${register(wide)}, ${register(wide)}`,
    () => `mov${suffix} ${random.of([register(size), memory()])}, ${register(size)}`,
    () => `mov${suffix} ${register(size)}, ${memory()}`,
    () => `leaq 3(%rax,%rdx,4), ${register(SIZES[0])}`,
    () => `${random.of(["", "lock ", "xacquire lock "])}cmpxchg${suffix} ${register(size)}, ${memory()}`,
    () => `${random.of(["", "lock "])}xadd${suffix} ${register(size)}, ${memory()}`,
    () => `xchg${suffix} ${register(size)}, ${random.of([register(size), memory()])}`,
  ];
  if (!keepCount) {
    const repeated = random.of(["repe cmpsb", "repne scasb", "repe scasw", "rep movsb", "rep stosb"]);
    choices.push(
      () => `leaq (%r14), %rsi; leaq 256(%r14), %rdi; movl $${random.below(9)}, %ecx; ${repeated}`,
    );
  }
  return random.of(choices)();
}

/** How block `b` ends. */
function branch(random: Random, b: number, blocks: number): string {
  const near = Math.min(blocks, b + 1 + random.below(5));
  const condition = random.of(CONDITIONS);
  switch (random.below(16)) {
    case 0:
    case 1:
      // Back to anywhere, as long as there is fuel in r12; the flags stay.
      return `xchgq %rcx, %r12; leaq -1(%rcx), %rcx; jrcxz out${b}; xchgq %rcx, %r12
 j${condition} b${random.below(blocks)}; jmp b${b + 1}
out${b}: xchgq %rcx, %r12; jmp done`;
    case 2: {
      const body = Array.from({ length: random.below(4) }, () => instruction(random, true)).join("\n ");
      return ` movl $${1 + random.below(9)}, %ecx\nl${b}: ${body}\n ${random.of(["loop", "loope", "loopne"])} l${b}`;
    }
    case 3:
      return `${random.of(["jrcxz", "jecxz", "jmp"])} b${b + 1}`;
    case 4:
      return `leaq b${b + 1}(%rip), %r15; ${random.of(["", "notrack ", "bnd "])}jmp *%r15`;
    case 5:
      return `call f${random.below(4)}`;
    case 6:
      return `movl $${random.below(4)}, %r15d; call *functions(,%r15,8)`;
    default:
      return `${random.of(["", "", ".byte 0x2e; ", ".byte 0x2e, 0x2e, 0x2e, 0x2e, 0x3e; "])}j${condition} b${near}`;
  }
}

/** A whole program as assembly, by seed. */
export function randomProgram(seed: number, blocks: number): string {
  const random = new Random(seed);
  const some = (limit: number): string =>
    Array.from({ length: random.below(limit) }, () => ` ${instruction(random, false)}\n`).join("");
  const initial = SIZES[0].names.map((name) => ` movq $${random.below(2 ** 31) * 4099}, %${name}\n`).join("");
  const body = Array.from({ length: blocks }, (_, b) => {
    const length = random.of([1, 2, 3, 4, 6, 9, 13, 90]);
    const note = random.below(3) === 0 ? " pushfq; popq %r15; rolq $7, %r13; xorq %r15, %r13\n" : "";
    return `b${b}:\n${some(length)}${note} ${branch(random, b, blocks)}\n`;
  }).join("");
  const functions = [0, 1, 2, 3]
    .map(
      (f) =>
        `f${f}:\n${some(5)} j${random.of(CONDITIONS)} 1f\n incl %eax\n1: ${f % 2 ? "ret" : "repz ret"}\n`,
    )
    .join("");
  const words = Array.from({ length: 80 }, () => random.below(2 ** 32) * 65537);
  return `.globl _start
_start: cld
 movq $${blocks * 10}, %r12
 xorl %r13d, %r13d
 leaq data(%rip), %r14
 andq $-65536, %rsp
${initial}${body}b${blocks}: jmp done
${functions}
done: pushfq; popq %r15; xorq %r15, %r13
${SIZES[0].names.map((name) => ` rolq $5, %r13; addq %${name}, %r13\n`).join("")}
 movl $64, %ecx
1: rolq $3, %r13; xorq -8(%r14,%rcx,8), %r13
 loop 1b
 movq %r13, (%r14)
 movl $1, %eax; movl $1, %edi; movq %r14, %rsi; movl $8, %edx; syscall
 movl $60, %eax; xorl %edi, %edi; syscall
.data
.balign 64
data: .quad ${words.join(", ")}
functions: .quad f0, f1, f2, f3
.section .note.GNU-stack, "", @progbits
`;
}

/**
 * Random instructions, in AT&T syntax: what user mode offers on this processor. They leave rsp, r12 (fuel), r14 (the
 * data) and r15 (where a fault goes on) alone. Addresses lie in the data, unless a fault is wanted.
 */
import { B, HIGH, has, immediate, L, LOW, Q, W, withMemory } from "./_operands.ts";
import type { Random } from "./_random.ts";
import { vectors } from "./_vectors.ts";

export const CONDITIONS = "o no b ae e ne be a s ns p np l ge le g".split(" ");

function arithmetic(random: Random): string {
  const size = random.of([Q, Q, L, L, W, B]);
  const { suffix } = size;
  const register = (): string => random.of(size.registers);
  const operation = random.of(["add", "sub", "and", "or", "xor", "adc", "sbb", "cmp"]);
  const unary = random.of(["inc", "dec", "neg", "not"]);
  return random.of([
    () => `${operation}${suffix} ${random.of([register(), immediate(random, size)])}, ${register()}`,
    () => withMemory(random, (m) => `${operation}${suffix} ${m}, ${register()}`),
    () =>
      withMemory(
        random,
        (m) => `${operation}${suffix} ${random.of([register(), immediate(random, size)])}, ${m}`,
      ),
    () => `test${suffix} ${random.of([register(), immediate(random, size)])}, ${register()}`,
    () => withMemory(random, (m) => `test${suffix} ${register()}, ${m}`),
    () => `${unary}${suffix} ${register()}`,
    () => withMemory(random, (m) => `${unary}${suffix} ${m}`),
    () => `mul${suffix} ${register()}`,
    () => `imul${suffix} ${register()}`,
    () => random.of(["clc", "stc", "cmc", "lahf", "sahf", "cltq", "cqto", "cwtl", "cltd", "cld"]),
    () => "pushfq; popq %rbx; andl $0xcd5, %ebx",
    () => `movq ${random.of(Q.registers)}, %rbx; andl $0x8d5, %ebx; pushq %rbx; popfq`,
  ])();
}

function moves(random: Random): string {
  const size = random.of([Q, L, W, B]);
  const { suffix } = size;
  const register = (): string => random.of(size.registers);
  const wide = random.of([Q, L, W]);
  const other = (): string => random.of(wide.registers);
  return random.of([
    () => `mov${suffix} ${random.of([register(), immediate(random, size)])}, ${register()}`,
    () => withMemory(random, (m) => `mov${suffix} ${m}, ${register()}`),
    () => withMemory(random, (m) => `mov${suffix} ${random.of([register(), immediate(random, size)])}, ${m}`),
    () => `${random.of(["mov", "add", "xchg", "sub"])}b ${random.of(HIGH)}, ${random.of([...LOW, ...HIGH])}`,
    () => `movabsq $${random.below(2 ** 32) * 1048573}, ${random.of(Q.registers)}`,
    () => `${random.of(["movzb", "movsb"])}${wide.suffix} ${random.of(B.registers)}, ${other()}`,
    () => withMemory(random, (m) => `${random.of(["movzb", "movsb"])}${wide.suffix} ${m}, ${other()}`),
    () => `movslq ${random.of(L.registers)}, ${random.of(Q.registers)}`,
    () =>
      `lea${wide.suffix} ${random.below(99)}(${random.of(Q.registers)},${random.of(Q.registers)},${random.of([1, 2, 4, 8])}), ${other()}`,
    () => `set${random.of(CONDITIONS)} ${random.of([...B.registers, ...HIGH])}`,
    () => withMemory(random, (m) => `set${random.of(CONDITIONS)} ${m}`),
    () => `cmov${random.of(CONDITIONS)}${wide.suffix} ${other()}, ${other()}`,
    () => withMemory(random, (m) => `cmov${random.of(CONDITIONS)}${wide.suffix} ${m}, ${other()}`),
    () => `xchg${suffix} ${register()}, ${register()}`,
    () => `pushq ${immediate(random, B)}; popq ${random.of(Q.registers)}`,
    () => `pushq ${random.of(Q.registers)}; popq ${random.of(Q.registers)}`,
    () => withMemory(random, (m) => `pushq ${m}; popq ${random.of(Q.registers)}`),
    () =>
      `bswap${random.of([Q, L]).suffix === "q" ? `q ${random.of(Q.registers)}` : `l ${random.of(L.registers)}`}`,
    () => "movq $data+256, %rbx; movzbl %al, %eax; xlatb",
    () => `enter $${8 * random.below(4)}, $0; leave`,
  ])();
}

function bits(random: Random): string {
  const size = random.of([Q, L, W, B]);
  const wide = random.of([Q, L, W]);
  const vex = random.of([Q, L]);
  const w = (): string => random.of(wide.registers);
  const v = (): string => random.of(vex.registers);
  const shift = random.of(["shl", "shr", "sar", "rol", "ror", "rcl", "rcr"]);
  const choices: (() => string)[] = [
    () =>
      `${shift}${size.suffix} ${random.of([`$${random.below(70)}`, "%cl"])}, ${random.of(size.registers)}`,
    () =>
      withMemory(random, (m) => `${shift}${size.suffix} ${random.of([`$${random.below(40)}`, "%cl"])}, ${m}`),
    () =>
      `${random.of(["shld", "shrd"])}${wide.suffix} ${random.of([`$${random.below(40)}`, "%cl"])}, ${w()}, ${w()}`,
    () =>
      `${random.of(["bt", "bts", "btr", "btc"])}${wide.suffix} ${random.of([w(), `$${random.below(64)}`])}, ${w()}`,
    () =>
      withMemory(
        random,
        (m) => `${random.of(["bt", "bts", "btr", "btc"])}${wide.suffix} $${random.below(64)}, ${m}`,
      ),
    () => `${random.of(["bsf", "bsr", "imul"])}${wide.suffix} ${w()}, ${w()}`,
    () => `imul${wide.suffix} ${immediate(random, W)}, ${w()}, ${w()}`,
  ];
  if (has("popcnt")) choices.push(() => `popcnt${wide.suffix} ${w()}, ${w()}`);
  if (has("abm")) choices.push(() => `lzcnt${wide.suffix} ${w()}, ${w()}`);
  if (has("sse4_2"))
    choices.push(
      () =>
        `crc32${size.suffix} ${random.of(size.registers)}, ${random.of(size.suffix === "q" ? Q.registers : L.registers)}`,
    );
  if (has("movbe")) choices.push(() => withMemory(random, (m) => `movbe${wide.suffix} ${m}, ${w()}`));
  if (has("adx")) choices.push(() => `${random.of(["adcx", "adox"])}${vex.suffix} ${v()}, ${v()}`);
  if (has("bmi1")) {
    choices.push(
      () => `andn${vex.suffix} ${v()}, ${v()}, ${v()}`,
      () => `bextr${vex.suffix} ${v()}, ${v()}, ${v()}`,
      () => `${random.of(["blsr", "blsi", "blsmsk"])}${vex.suffix} ${v()}, ${v()}`,
      () => `tzcnt${wide.suffix} ${w()}, ${w()}`,
      () => withMemory(random, (m) => `andn${vex.suffix} ${m}, ${v()}, ${v()}`),
    );
  }
  if (has("bmi2")) {
    choices.push(
      () =>
        `${random.of(["pdep", "pext", "bzhi", "sarx", "shlx", "shrx"])}${vex.suffix} ${v()}, ${v()}, ${v()}`,
      () => `mulx${vex.suffix} ${v()}, ${v()}, ${v()}`,
      () => `rorx${vex.suffix} $${random.below(64)}, ${v()}, ${v()}`,
    );
  }
  return random.of(choices)();
}

function strings(random: Random): string {
  const size = random.of(["b", "w", "l", "q"]);
  const operation = random.of([
    `rep movs${size}`,
    `rep stos${size}`,
    `rep lods${size}`,
    `repe cmps${size}`,
    `repne cmps${size}`,
    `repe scas${size}`,
    `repne scas${size}`,
    `movs${size}`,
    `stos${size}`,
    `lods${size}`,
    `cmps${size}`,
    `scas${size}`,
  ]);
  const direction = random.once(3) ? ["std; ", "; cld"] : ["", ""];
  const flags = random.once(2) ? "" : `cmpb $${random.below(99)}, %al; `;
  return `leaq ${512 + random.below(64)}(%r14), %rsi; leaq ${512 + random.below(200)}(%r14), %rdi; movl $${random.below(20)}, %ecx; ${flags}${direction[0]}${operation}${direction[1]}`;
}

function locked(random: Random): string {
  const size = random.of([Q, L, W, B]);
  const wide = random.of([Q, L, W]);
  const prefix = random.of(["", "lock ", "lock ", "xacquire lock ", "xrelease lock "]);
  const r = random.of(size.registers);
  const choices: (() => string)[] = [
    () => withMemory(random, (m) => `${prefix}cmpxchg${size.suffix} ${r}, ${m}`),
    () => withMemory(random, (m) => `${prefix}xadd${size.suffix} ${r}, ${m}`),
    () =>
      withMemory(
        random,
        (m) =>
          `${prefix}${random.of(["add", "sub", "and", "or", "xor", "adc", "sbb"])}${size.suffix} ${r}, ${m}`,
      ),
    () => withMemory(random, (m) => `${prefix}${random.of(["inc", "dec", "neg", "not"])}${size.suffix} ${m}`),
    () =>
      withMemory(
        random,
        (m) => `${prefix}${random.of(["bts", "btr", "btc"])}${wide.suffix} $${random.below(32)}, ${m}`,
      ),
    () =>
      withMemory(random, (m) => `${random.of(["", "xacquire ", "xrelease "])}xchg${size.suffix} ${r}, ${m}`),
    () => withMemory(random, (m) => `xrelease mov${size.suffix} ${r}, ${m}`),
    () => withMemory(random, (m) => `${prefix}cmpxchg8b ${m}`),
    () => `${prefix.replace(/x\w+ /, "")}cmpxchg16b ${16 * random.below(30)}(%r14)`,
    () => random.of(["mfence", "lfence", "sfence", "pause"]),
  ];
  return random.of(choices)();
}

function x87(random: Random): string {
  const st = (): string => `%st(${1 + random.below(7)})`;
  const at = `${8 * random.below(200)}(%r14)`;
  return random.of([
    `fldl ${at}`,
    `flds ${at}`,
    `fildl ${at}`,
    `fildll ${at}`,
    `fstpl ${at}`,
    `fstps ${at}`,
    `fistpll ${at}`,
    `fisttpl ${at}`,
    random.of(["fld1", "fldz", "fldpi", "fldl2e"]),
    `${random.of(["fadd", "fsub", "fmul", "fdiv", "fsubr"])} ${st()}, %st`,
    `${random.of(["faddp", "fmulp", "fsubp", "fdivrp"])} %st, ${st()}`,
    `${random.of(["fadds", "fmull", "fdivl"])} ${at}`,
    `${random.of(["fcomi", "fucomi", "fcomip", "fucomip"])} ${st()}, %st`,
    `fcmov${random.of(["b", "e", "be", "nb", "u"])} ${st()}, %st`,
    "fnstsw %ax",
    `fnstcw ${at}`,
    `fxch ${st()}`,
    random.of(["fabs", "fchs", "fsqrt", "frndint", "fxam", "ftst", "fscale", "fprem", "fincstp"]),
    random.of(["fninit", "fnclex", "ffree %st(3)", "emms"]),
    `fldt ${16 * random.below(100)}(%r14)`,
    `fstpt ${16 * random.below(100)}(%r14)`,
  ]);
}

/** An instruction that raises a signal. */
function fault(random: Random): string {
  const suffix = random.of(["q", "l", "w", "b"]);
  const condition = random.of(CONDITIONS);
  return random.of([
    `mov${suffix} data+${8192 + random.below(4000)}, ${{ q: "%rax", l: "%ebx", w: "%cx", b: "%dl" }[suffix]}`,
    `${random.of(["cmp", "add", "test", "sub"])}${suffix} $${random.below(99)}, data+${8192 + random.below(4000)}; j${condition} 1f; incl %eax; 1:`,
    `movq %rax, data+${8192 - 1 - random.below(7)}`,
    "ud2",
    "int3",
    ".byte 0xf1",
    "hlt",
    "xorl %ecx, %ecx; divl %ecx",
    `xorl %ecx, %ecx; divl %ecx; j${condition} 1f; incl %ebx; 1:`,
    "movabsq $0x8000000000001234, %rbx; movl (%rbx), %eax",
    "movaps data+4, %xmm3",
    "movl $data+8192, %ebx; jmp *%rbx",
    "movl $data, %ebx; call *%rbx",
    "movl $0x10, %ebx; pushq %rbx; ret",
    "movl $data+8180, %esi; movl $data, %edi; movl $40, %ecx; rep movsb",
    "movl $data+8184, %edi; movl $9, %ecx; rep stosl",
    "movl $0x7000, %ebx; movw %bx, %ds",
    "int $0x21",
    "lock; incl %eax; .byte 0xf0, 0x90",
    "movl $data+8192, %esp; popq %rax",
    "movl $data+8192, %esp; call 1f; 1: nop",
    "movl $data+8200, %ebx; vmovups (%rbx), %ymm1",
    "movl $data+8192, %ebx; fldl (%rbx)",
    "movl $data+8192, %ebx; lock xaddl %eax, (%rbx)",
  ]);
}

/** One instruction, or a few that belong together. */
export function instruction(random: Random): string {
  if (random.once(60)) return fault(random);
  const kind = random.below(20);
  if (kind < 6) return arithmetic(random);
  if (kind < 10) return moves(random);
  if (kind < 13) return bits(random);
  if (kind < 14) return strings(random);
  if (kind < 15) return locked(random);
  return kind < 18 ? vectors(random) : x87(random);
}

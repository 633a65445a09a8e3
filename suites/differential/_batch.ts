/** Several programs as one executable: what stands between them and `harness.c`. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { assemblyOf, fuel, type Program } from "./_program.ts";

const GENERAL = "rax rbx rcx rdx rsi rdi rbp r8 r9 r10 r11 r13".split(" ");
const all = (count: number, each: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => each(i)).join("\n");

/** Entry and exit of a program: all registers are known before, and kept behind it. */
const FRAME = `.text
.globl _start, enter, leave, restorer
_start: andq $-16, %rsp
 call run
restorer: movl $15, %eax
 syscall
enter: pushq %rbx; pushq %rbp; pushq %r12; pushq %r13; pushq %r14; pushq %r15
 movq %rsp, saved
 movq %rdi, target
 fninit
 fldl data; fldl data+64
 movl $0x1f80, x87; ldmxcsr x87
${all(16, (i) => ` vmovdqu vectors+${32 * i}, %ymm${i}`)}
 movl $stack+4096, %esp
 pushq initial+128
${GENERAL.map((name, i) => ` movq initial+${8 * i}, %${name}`).join("\n")}
 movl $${fuel}, %r12d
 movl $data, %r14d
 movl $leave, %r15d
 popfq
 jmp *target
leave: movq %rsp, final+104
 movl $stack+2048, %esp
 pushfq; popq final+128
 cld
${GENERAL.map((name, i) => ` movq %${name}, final+${8 * i}`).join("\n")}
 movq %r12, final+96
${all(16, (i) => ` vmovdqu %ymm${i}, vectors+${32 * i}`)}
 stmxcsr x87
 fnsave x87
 movq saved, %rsp
 popq %r15; popq %r14; popq %r13; popq %r12; popq %rbp; popq %rbx
.globl done
done: ret
.bss
saved: .quad 0
target: .quad 0
`;

/**
 * Compiles programs into one executable.
 *
 * @param folder Where it goes, with its source.
 * @returns Its path.
 */
export function build(programs: readonly Program[], folder: string): string {
  const names = programs.map((_, i) => `p${i}`);
  const source = `${FRAME}
.section .programs, "ax"
.globl first_code
first_code: nop
${programs.map((program, i) => assemblyOf(program, names[i]!)).join("")}
.section .rodata
.balign 8
.globl programs, seeds, count
programs: .quad ${names.map((name) => `${name}_b0`).join(", ")}
seeds: .quad ${programs.map(({ seed }) => seed).join(", ")}
count: .quad ${programs.length}
.section .zzz, "awx"
.globl end_of_code
end_of_code: nop
.section .note.GNU-stack, "", @progbits
`;
  const assembly = join(folder, "batch.s");
  const program = join(folder, "batch");
  writeFileSync(assembly, source);
  const harness = resolve(import.meta.dir, "harness.c");
  const flags = [
    "-O1",
    "-nostdlib",
    "-static",
    "-no-pie",
    "-ffreestanding",
    "-fno-stack-protector",
    "-mgeneral-regs-only",
  ];
  const compiled = Bun.spawnSync(["gcc", ...flags, "-o", program, harness, assembly], { stderr: "pipe" });
  if (compiled.exitCode !== 0)
    throw new Error(`a batch does not compile:\n${compiled.stderr.toString().slice(0, 2000)}`);
  return program;
}

/** Addresses (hexadecimal) that the stepper needs: where a program is entered, and where it has been left. */
export function symbolsOf(program: string): { enter: string; done: string } {
  const listed = Bun.spawnSync(["nm", program]).stdout.toString();
  const at = (name: string): string => new RegExp(`^([0-9a-f]+) . ${name}$`, "m").exec(listed)?.[1] ?? "0";
  return { enter: at("enter"), done: at("done") };
}

/**
 * Code for the instructions that store the address of the last x87 instruction: in the cache that is one of the cache.
 *
 * fxsave and xsave store it as the processor keeps it, where it keeps it at all: the tracer sets the program's own one
 * before. fnstenv and fnsave also store what a processor forgets when a task is switched (AMD's do, unless an exception is
 * pending), so that the result is no function of the program: each one is an event, or stores zeros in all pointers, as on a
 * processor that has forgotten, or has nothing to tell of.
 */
import { CONTEXT, CONTEXT_BASE } from "./context.ts";
import { Emission } from "./emission.ts";
import type { Decoded } from "./instruction.ts";
import { TRANSLATION } from "./translation-info.ts";

/** Offset of the instruction pointer in what fxsave64 stores, and in the environment of 32 bits (Intel SDM vol. 1, 8.1.10 and 10.5.1). */
const STATE_POINTER = 8;
const ENVIRONMENT_POINTER = 12;

/** Whether an instruction stores the environment of the x87 unit. */
export function isX87Environment(name: string): boolean {
  return name === "fnstenv" || name === "fnsave";
}

/** Whether an instruction is of the xsave family, which leaves out what rax does not ask for; the other one is fxsave. */
function asksRax(bytes: Uint8Array): boolean {
  const opcode = bytes.indexOf(0x0f);
  return bytes[opcode + 1] === 0xc7 || (bytes[opcode + 2]! & 0x38) !== 0;
}

/** An emission that knows the instructions which store what the x87 unit says of its last one. */
export class X87Emission extends Emission {
  /**
   * Traps in front of an fxsave or xsave that would store the address of an instruction.
   *
   * @param garbage Flags that hold garbage.
   */
  protected mendX87(instruction: Decoded, garbage: number): void {
    const { asm } = this;
    asm.storeRcx(CONTEXT_BASE + CONTEXT.tickRcx);
    this.translates(instruction.pc, garbage | TRANSLATION.tickRcx);
    const leaves: number[] = [];
    if (asksRax(instruction.bytes)) {
      // The x87 unit's bit is the lowest one: shifted to the top, the only one that is left, and no flag is touched.
      asm.emit(0x0f, 0xb6, 0xc8, 0x0f, 0xc9); // movzx ecx, al; bswap ecx
      for (let i = 0; i < 7; i++) asm.emit(0x8d, 0x0c, 0x09); // lea ecx, [rcx + rcx]
      leaves.push(this.#jumpIfZero());
    }
    asm.emit(0x48, 0x0f, 0xae, 0x04, 0x25); // fxsave64 [x87State]
    asm.u32(CONTEXT_BASE + CONTEXT.x87State);
    asm.loadRcx(CONTEXT_BASE + CONTEXT.x87State + STATE_POINTER);
    leaves.push(this.#jumpIfZero());
    this.host.addTrap(asm.here, { kind: "x87" });
    asm.byte(0xcc);
    for (const leave of leaves) this.#landHere(leave);
    asm.loadRcx(CONTEXT_BASE + CONTEXT.tickRcx);
    this.translates(instruction.pc, garbage);
  }

  /** An fnstenv or fnsave, with a trap if the unit tells of an instruction. */
  protected storeX87(instruction: Decoded): void {
    const { asm } = this;
    const { pc } = instruction;
    asm.storeRcx(CONTEXT_BASE + CONTEXT.tickRcx);
    this.translates(pc, TRANSLATION.tickRcx);
    asm.emit(0xd9, 0x34, 0x25); // fnstenv [x87Environment], which masks all exceptions
    asm.u32(CONTEXT_BASE + CONTEXT.x87Environment);
    asm.emit(0xd9, 0x2c, 0x25); // fldcw [x87Environment]
    asm.u32(CONTEXT_BASE + CONTEXT.x87Environment);
    this.#loadEcx(CONTEXT.x87Always);
    const toCheck = this.#jumpIfZero();
    const told = asm.here;
    asm.loadRcx(CONTEXT_BASE + CONTEXT.tickRcx);
    this.trap(instruction, "emulate");
    const behind = asm.jump();
    this.#landHere(toCheck);
    this.translates(pc, TRANSLATION.tickRcx);
    this.#loadEcx(CONTEXT.x87Environment + ENVIRONMENT_POINTER);
    const quiet = this.#jumpIfZero();
    asm.link(asm.jump(), told);
    this.#landHere(quiet);
    asm.loadRcx(CONTEXT_BASE + CONTEXT.tickRcx);
    this.translates(pc);
    this.plain(instruction);
    asm.link(behind, asm.here);
  }

  /** `jrcxz`, to be landed by {@link #landHere}. */
  #jumpIfZero(): number {
    this.asm.emit(0xe3, 0);
    return this.asm.cursor;
  }

  #landHere(from: number): void {
    this.asm.bytes[from - 1] = this.asm.cursor - from;
  }

  /** `mov ecx, [context + offset]`. */
  #loadEcx(offset: number): void {
    this.asm.emit(0x8b, 0x0c, 0x25);
    this.asm.u32(CONTEXT_BASE + offset);
  }
}

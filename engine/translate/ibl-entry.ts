/**
 * IBL entries: what the lookup table of indirect branches leads to. Each compares the whole target with its own
 * app pc, without touching the flags, and passes the others on along the chain of its table slot.
 */
import type { Assembler } from "./assembler.ts";
import { CONTEXT, CONTEXT_BASE, TABLE_ENTRIES } from "./context.ts";

/** `jmp [rip + 0]`: the address follows. */
export const JUMP_LITERAL = [0xff, 0x25, 0, 0, 0, 0];

/** Offsets in an IBL entry: of its app pc, of the next one's address, and of what a task does whose target it is. */
export const IBL_PC = 18;
export const IBL_NEXT = 36;
export const IBL_TAIL = 44;

/** The slot of the lookup table that an app pc is looked up in. */
export function slotOf(pc: number): number {
  return pc % TABLE_ENTRIES;
}

/**
 * Emits code that goes on only if rcx is `pc`, else at `next`.
 *
 * @returns Its address.
 */
export function emitIblEntry(asm: Assembler, pc: number, next: number): number {
  asm.alignLiteral(IBL_NEXT);
  const address = asm.here;
  asm.emit(0x48, 0xb8); // mov rax, -pc
  asm.u64(-pc);
  asm.emit(0x48, 0x8d, 0x0c, 0x01); // lea rcx, [rcx + rax]
  asm.emit(0xe3, 0x1c); // jrcxz +28
  asm.emit(0x48, 0xb8); // mov rax, pc
  asm.u64(pc);
  asm.emit(0x48, 0x8d, 0x0c, 0x01); // lea rcx, [rcx + rax]: the target again
  asm.emit(...JUMP_LITERAL); // else on along the slot's chain
  asm.u64(next);
  asm.loadRcx(CONTEXT_BASE + CONTEXT.spilledRcx);
  asm.loadRax(CONTEXT_BASE + CONTEXT.spilledRax);
  return address;
}

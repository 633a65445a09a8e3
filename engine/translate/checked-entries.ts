/**
 * Checked entries: what the lookup table of indirect branches leads to. Each compares the whole target with its own
 * app pc, without touching the flags, and passes the others on along the chain of its table slot.
 */
import type { Assembler } from "./assembler.ts";
import { CONTEXT, CONTEXT_BASE, TABLE_ENTRIES } from "./context.ts";

/** `jmp [rip + 0]`: the address follows. */
export const JUMP_LITERAL = [0xff, 0x25, 0, 0, 0, 0];

/** Offset of the next entry's address in a checked entry. */
const NEXT_CHECKED = 36;

/** See the file's head. */
export class CheckedEntries {
  private readonly byPc = new Map<number, number>();

  /**
   * @param table The tracer's view of the lookup table, 32-bit halves.
   * @param assemblerAt The window that a cache address lies in.
   */
  constructor(
    private readonly table: Uint32Array,
    private readonly assemblerAt: (address: number) => Assembler,
  ) {}

  /** All of them: app pc and cache address. */
  get all(): Iterable<[pc: number, address: number]> {
    return this.byPc;
  }

  has(pc: number): boolean {
    return this.byPc.has(pc);
  }

  /** Lets all indirect branches miss. */
  clear(missStub: number): void {
    new BigUint64Array(this.table.buffer, this.table.byteOffset, TABLE_ENTRIES).fill(BigInt(missStub));
  }

  /** Emits code that goes on only if rcx is `pc`, else to the next checked entry of the same table slot. */
  emit(asm: Assembler, pc: number): void {
    asm.alignLiteral(NEXT_CHECKED);
    const address = asm.here;
    asm.emit(0x48, 0xb8); // mov rax, -pc
    asm.u64(-pc);
    asm.emit(0x48, 0x8d, 0x0c, 0x01); // lea rcx, [rcx + rax]
    asm.emit(0xe3, 0x1c); // jrcxz +28
    asm.emit(0x48, 0xb8); // mov rax, pc
    asm.u64(pc);
    asm.emit(0x48, 0x8d, 0x0c, 0x01); // lea rcx, [rcx + rax]: the target again
    asm.emit(...JUMP_LITERAL); // else on along the slot's chain
    asm.u64(0);
    asm.loadRcx(CONTEXT_BASE + CONTEXT.spilledRcx);
    asm.loadRax(CONTEXT_BASE + CONTEXT.spilledRax);
    this.add(pc, address);
  }

  /** Puts the code at an address, as {@link emit} has made it, in front of its slot's chain. */
  add(pc: number, address: number): void {
    const slot = pc & (TABLE_ENTRIES - 1);
    this.assemblerAt(address).setU64(address + NEXT_CHECKED, this.tableEntry(slot));
    this.setTable(slot, address);
    this.byPc.set(pc, address);
  }

  /** Takes a checked entry out of its slot's chain, so that branches to its pc miss. */
  remove(pc: number): void {
    const gone = this.byPc.get(pc);
    if (gone === undefined) return;
    this.byPc.delete(pc);
    const slot = pc & (TABLE_ENTRIES - 1);
    const next = this.next(gone);
    let at = this.tableEntry(slot);
    if (at === gone) {
      this.setTable(slot, next);
      return;
    }
    while (this.next(at) !== gone) at = this.next(at);
    this.assemblerAt(at).setU64(at + NEXT_CHECKED, next);
  }

  private next(checked: number): number {
    return this.assemblerAt(checked).getU64(checked + NEXT_CHECKED);
  }

  private setTable(slot: number, address: number): void {
    this.table[2 * slot] = address >>> 0;
    this.table[2 * slot + 1] = Math.floor(address / 0x100000000);
  }

  private tableEntry(slot: number): number {
    return this.table[2 * slot]! + this.table[2 * slot + 1]! * 0x100000000;
  }
}

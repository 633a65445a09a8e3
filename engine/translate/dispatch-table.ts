/**
 * The lookup table of one cache space: for each slot the code that finds the entry of an indirect branch's target. That is the
 * chain of IBL entries of the one set of translations that has some there; where several have, a dispatcher
 * of the cache space's own compares with all of them.
 */
import type { Assembler } from "./assembler.ts";
import { MISS_STUB, TABLE_ENTRIES } from "./context.ts";
import { IBL_TAIL, JUMP_LITERAL } from "./ibl-entry.ts";
import type { TextModule } from "./text-module.ts";
import type { Translations } from "./translations.ts";

/** Owner of a slot that nobody has entries for. */
const NOBODY = 0;
/** Owner of a slot that a dispatcher is for. */
const SEVERAL = 0xffff;

/** Bytes that a dispatcher needs for each app pc, at most. */
const ROOM_PER_PC = 64;

/** Keeps the slots of one cache space's lookup table true as translations come and go. */
export class DispatchTable {
  /** For each slot the number of the set that it leads to. */
  readonly #owners = new Uint16Array(TABLE_ENTRIES);
  /** Sets by number; holes where one was removed. */
  readonly #sets: (Translations | undefined)[] = [undefined];
  /** How many of a set's changed slots are in the table. */
  readonly #seen: number[] = [0];

  /**
   * @param table The tracer's view of the lookup table, 32-bit halves.
   * @param windowFor Gives a window with room for so many bytes of a dispatcher.
   */
  constructor(
    private readonly table: Uint32Array,
    private readonly windowFor: (bytes: number) => Assembler,
  ) {}

  /** Lets all indirect branches miss. */
  clear(): void {
    new BigUint64Array(this.table.buffer, this.table.byteOffset, TABLE_ENTRIES).fill(BigInt(MISS_STUB));
    this.#owners.fill(NOBODY);
  }

  /** Adds a set of translations whose entries are all new to the table. */
  add(set: Translations): void {
    this.#sets.push(set);
    this.#seen.push(0);
    this.update(set);
  }

  /** Adds a module, with what earlier runs have left in it. */
  addModule(module: TextModule): void {
    const number = this.#sets.push(module) - 1;
    this.#seen.push(module.changedSlots.length);
    module.forEachHead((slot, address) => this.#lead(slot, number, address));
  }

  /** Takes over what has changed in a set. */
  update(set: Translations): void {
    const number = this.#sets.indexOf(set);
    const { changedSlots } = set;
    for (let i = this.#seen[number]!; i < changedSlots.length; i++) {
      const slot = changedSlots[i]!;
      this.#lead(slot, number, set.head(slot));
    }
    this.#seen[number] = changedSlots.length;
  }

  /** Removes a set: branches to its entries miss. */
  remove(set: Translations): void {
    const number = this.#sets.indexOf(set);
    this.#sets[number] = undefined;
    for (let slot = 0; slot < TABLE_ENTRIES; slot++) {
      const owner = this.#owners[slot];
      if (owner === number || owner === SEVERAL) this.#rebuild(slot);
    }
  }

  #lead(slot: number, number: number, head: number | undefined): void {
    const owner = this.#owners[slot];
    if (head === undefined || (owner !== NOBODY && owner !== number)) {
      this.#rebuild(slot);
      return;
    }
    this.#owners[slot] = number;
    this.#set(slot, head);
  }

  #rebuild(slot: number): void {
    const owners = this.#sets.flatMap((set, number) => (set?.head(slot) === undefined ? [] : [number]));
    const [first] = owners;
    if (first === undefined) {
      this.#owners[slot] = NOBODY;
      this.#set(slot, MISS_STUB);
    } else if (owners.length === 1) {
      this.#owners[slot] = first;
      this.#set(slot, this.#sets[first]!.head(slot)!);
    } else {
      this.#owners[slot] = SEVERAL;
      this.#set(slot, this.#dispatcher(owners.flatMap((number) => [...this.#sets[number]!.chain(slot)])));
    }
  }

  #dispatcher(targets: readonly { pc: number; address: number }[]): number {
    const asm = this.windowFor(ROOM_PER_PC * (targets.length + 1));
    asm.alignLiteral(0);
    const start = asm.here;
    for (const { pc, address } of targets) {
      asm.emit(0x48, 0xb8); // mov rax, -pc
      asm.u64(-pc);
      asm.emit(0x48, 0x8d, 0x0c, 0x01); // lea rcx, [rcx + rax]
      asm.emit(0xe3, 0x10); // jrcxz +16
      asm.emit(0x48, 0xb8); // mov rax, pc
      asm.u64(pc);
      asm.emit(0x48, 0x8d, 0x0c, 0x01); // lea rcx, [rcx + rax]: the target again
      const hit = asm.cursor;
      asm.emit(0xeb, 0); // jmp to the next one
      asm.alignLiteral(JUMP_LITERAL.length);
      asm.emit(...JUMP_LITERAL);
      asm.u64(address + IBL_TAIL);
      asm.bytes[hit + 1] = asm.cursor - (hit + 2);
    }
    asm.alignLiteral(JUMP_LITERAL.length);
    asm.emit(...JUMP_LITERAL);
    asm.u64(MISS_STUB);
    return start;
  }

  #set(slot: number, address: number): void {
    this.table[2 * slot] = address >>> 0;
    this.table[2 * slot + 1] = Math.floor(address / 0x100000000);
  }
}

/**
 * The pieces that translations are made of: copied instructions, counts of branches, exits, indirect jumps and
 * traps, with the translation info that leads from a cache pc back to the program's own state.
 */
import type { Assembler } from "./assembler.ts";
import { CONTEXT, CONTEXT_BASE, counterAddress, JUMP_COUNTER, TABLE_BASE, TICK_COUNTERS } from "./context.ts";
import type { Fragment, FragmentHost } from "./fragment-host.ts";
import { type Decoded, FLAG } from "./instruction.ts";
import { isLocked } from "./locked.ts";
import { packTranslationInfo, TRANSLATION } from "./translation-info.ts";
import type { Between, ElisionTrap, InstructionTrap, StopTrap } from "./traps.ts";

/** Offset of the literal in an exit's stub: behind the trap and the opcode of the far jump. */
const STUB_LITERAL = 7;
/** The prefix of an elided lock's acquisition; that of its release is 0xf3 (Intel SDM vol. 1, 16.3.3). */
const XACQUIRE = 0xf2;
/** Length of the load that an interrupted count goes back to; see `countKeepingFlags`. */
export const COUNTER_LOAD = 7;

/** RFLAGS bits (Intel SDM vol. 1, 3.4.3) of a set of flags in iced's numbering. */
export function rflagsBits(flags: number): number {
  return (
    (flags & FLAG.OF ? 0x800 : 0) |
    (flags & FLAG.SF ? 0x80 : 0) |
    (flags & FLAG.ZF ? 0x40 : 0) |
    (flags & FLAG.AF ? 0x10 : 0) |
    (flags & FLAG.PF ? 0x04 : 0) |
    (flags & FLAG.CF ? 0x01 : 0)
  );
}

/** Writes the pieces of one fragment with an assembler, hot code first, and collects its translation info. */
export class Emission {
  protected readonly fragment: Fragment;
  private readonly translationInfo: number[] = [];
  /** Work for behind the hot code: stubs and literals. */
  protected readonly cold: (() => void)[] = [];
  /** Translation info of code emitted now: branch counted, garbage flags. */
  protected state = 0;

  /**
   * @param counterSeed Where the turn of the tick counters stands.
   * @param start App pc of the first basic block.
   */
  constructor(
    protected readonly host: FragmentHost,
    protected readonly asm: Assembler,
    private counterSeed: number,
    start: number,
  ) {
    this.fragment = {
      start: asm.here,
      end: 0,
      blocks: [],
      pc: start,
      translationInfo: new Uint8Array(0),
      dead: false,
    };
  }

  /** Emits what was put off, and gives the whole fragment. */
  protected finish(): Fragment {
    for (const emit of this.cold) emit();
    const { fragment, translationInfo, asm } = this;
    fragment.end = asm.here;
    fragment.translationInfo = packTranslationInfo(translationInfo, fragment.start, fragment.pc);
    return fragment;
  }

  /** Which counter the next site takes. */
  get nextCounter(): number {
    return this.counterSeed;
  }

  /** Notes which instruction of the program the next bytes belong to, and what is not in its place meanwhile. */
  protected translates(pc: number, bits = 0): void {
    this.translationInfo.push(this.asm.here, pc, bits | this.state);
  }

  private counter(counts: "tick" | "jump"): number {
    if (counts === "jump") return counterAddress(JUMP_COUNTER);
    const index = this.counterSeed;
    this.counterSeed = (index + 1) % TICK_COUNTERS;
    return counterAddress(index);
  }

  /** `dec dword [counter]; jle poll`: the counter reaches zero before the branch that it was given for. */
  protected count(pc: number, counter: "tick" | "jump", garbage: number): void {
    const { asm } = this;
    this.translates(pc, 0);
    asm.emit(0xff, 0x0c, 0x25);
    asm.u32(this.counter(counter));
    const site = asm.jumpIf(0xe);
    const resume = asm.here;
    this.cold.push(() => {
      asm.link(site, asm.here);
      this.host.addTrap(asm.here, {
        kind: "poll",
        counter,
        pc,
        garbageFlags: rflagsBits(garbage),
        resume: asm.here + 1,
      });
      asm.byte(0xcc);
      asm.link(asm.jump(), resume);
    });
  }

  /**
   * The same without touching the flags: rcx is spilled, and `jrcxz` finds the counter at zero.
   *
   * The tracer may set the counter while the task is stopped by a signal, also between load and store: such a
   * count starts once more at the load (TRANSLATION.counting).
   */
  protected countKeepingFlags(pc: number, counter: "tick" | "jump"): void {
    const { asm } = this;
    const address = this.counter(counter);
    this.translates(pc);
    asm.storeRcx(CONTEXT_BASE + CONTEXT.tickRcx);
    this.translates(pc, TRANSLATION.tickRcx);
    asm.emit(0x8b, 0x0c, 0x25); // mov ecx, [counter]
    asm.u32(address);
    this.translates(pc, TRANSLATION.tickRcx | TRANSLATION.counting);
    asm.emit(0x8d, 0x49, 0xff); // lea ecx, [rcx - 1]
    asm.emit(0x89, 0x0c, 0x25); // mov [counter], ecx
    asm.u32(address);
    this.translates(pc, TRANSLATION.tickRcx);
    asm.emit(0xe3, 0x02, 0xeb, 0x01); // jrcxz +2; jmp +1
    this.host.addTrap(asm.here, { kind: "poll", counter, pc, garbageFlags: 0, resume: asm.here + 1 });
    asm.byte(0xcc);
    asm.loadRcx(CONTEXT_BASE + CONTEXT.tickRcx);
  }

  /** What there is to be told of an instruction; undefined for nothing. */
  protected edgeAt(bytes: Uint8Array, elidedPrefix: number): ElisionTrap["edge"] | undefined {
    switch (this.host.notes.traps) {
      case "elisions":
        if (elidedPrefix < 0) return undefined;
        return bytes[elidedPrefix] === XACQUIRE ? "acquire" : "release";
      case "locks":
        return isLocked(bytes) ? "lock" : undefined;
      default:
        return undefined;
    }
  }

  /** Copies an instruction; only a RIP-relative displacement changes, and elision prefixes go. */
  protected plain(instruction: Decoded): void {
    const { asm } = this;
    const { bytes, elidedPrefix, displacement } = instruction;
    const edge = this.edgeAt(bytes, elidedPrefix);
    if (edge !== undefined) {
      this.host.addTrap(asm.here, { kind: "elision", edge });
      asm.byte(0xcc);
    }
    const start = asm.cursor;
    if (elidedPrefix >= 0) {
      for (let i = 0; i < bytes.length; i++) if (i !== elidedPrefix) asm.byte(bytes[i]!);
    } else {
      asm.copy(bytes);
    }
    if (displacement > 0 && !this.relocate(instruction, start + displacement - (elidedPrefix >= 0 ? 1 : 0))) {
      asm.cursor = start;
      this.trap(instruction, "unsupported");
    }
  }

  /**
   * Mends the RIP-relative displacement at `offset` of an instruction that ends at the cursor.
   *
   * @returns False where the data is too far from the cache: no compiler makes that, but what follows a call
   *   that never returns may be anything.
   */
  private relocate(instruction: Decoded, offset: number): boolean {
    const { asm } = this;
    const view = new DataView(instruction.bytes.buffer, instruction.bytes.byteOffset, instruction.length);
    const target = instruction.pc + instruction.length + view.getInt32(instruction.displacement, true);
    const distance = target - asm.here;
    if (distance < -0x80000000 || distance > 0x7fffffff) return false;
    const end = asm.cursor;
    asm.cursor = offset;
    asm.u32(distance);
    asm.cursor = end;
    return true;
  }

  /**
   * A system call: by way of the stub, which does it, or has it done here. rcx and r11 are the kernel's to overwrite, so
   * that they can tell the stub where the program stands.
   */
  protected syscall(pc: number, next: number): void {
    const { asm } = this;
    asm.emit(0x4c, 0x8d, 0x1d, 0x11, 0, 0, 0); // lea r11, [rip + 17]: the syscall below
    asm.emit(0x48, 0xb9); // mov rcx, next
    asm.u64(next);
    asm.emit(0xff, 0x24, 0x25); // jmp [callStub]
    asm.u32(CONTEXT_BASE + CONTEXT.callStub);
    asm.emit(0x0f, 0x05);
    this.host.addSyscall(asm.here, pc, next);
    asm.emit(0x48, 0xb9); // mov rcx, next: the kernel leaves the cache pc there
    asm.u64(next);
  }

  /**
   * `cpuid` or `rdtsc`, by way of the stub, which answers it or leads to the trap behind. rbx and rdx, of which the
   * instruction overwrites one at least, tell the stub where the program stands.
   */
  protected ask(next: number, entry: number): void {
    const { asm } = this;
    asm.emit(0x48, 0x89, 0x1c, 0x25); // mov [asked], rbx
    asm.u32(CONTEXT_BASE + CONTEXT.asked);
    asm.emit(0x48, 0x89, 0x14, 0x25); // mov [asked + 8], rdx
    asm.u32(CONTEXT_BASE + CONTEXT.asked + 8);
    asm.emit(0x48, 0x8d, 0x1d, 0x11, 0, 0, 0); // lea rbx, [rip + 17]: the trap
    asm.emit(0x48, 0xba); // mov rdx, next
    asm.u64(next);
    asm.emit(0xff, 0x24, 0x25); // jmp [entry]
    asm.u32(CONTEXT_BASE + entry);
  }

  /** A trap in front of an instruction that the tracer emulates; the copy behind it is for the processor, if need be. */
  protected trap(instruction: Decoded, action: "emulate" | "breakpoint" | "unsupported"): void {
    const { asm } = this;
    const at = asm.here;
    const { name, pc, length } = instruction;
    const add = (kind: InstructionTrap["action"], resume: number): void =>
      this.host.addTrap(at, {
        kind: "instruction",
        action: kind,
        name: name || "with an operand out of reach",
        pc,
        length,
        resume,
      });
    asm.byte(0xcc);
    if (action !== "emulate") {
      add(action, asm.here);
      return;
    }
    const start = asm.cursor;
    this.translates(pc);
    asm.copy(instruction.bytes);
    const { displacement } = instruction;
    if (displacement > 0 && !this.relocate(instruction, start + displacement)) {
      asm.cursor = start;
      add("unsupported", asm.here);
      return;
    }
    // The trap behind it ends what the kernel has executed itself, after which no single step ends; and what is longer
    // than any instruction may be is told by one byte more.
    asm.byte(0xcc);
    add(action, asm.here);
  }

  /**
   * Lets the branch with the operand at `site` lead to an app pc: directly, by a stub that traps once, or by the lookup
   * table.
   *
   * @param isCertain Whether it is taken whenever control comes there.
   */
  protected exit(site: number, target: number, isCertain = false): void {
    const { asm } = this;
    if (!this.host.owns(target)) {
      this.cold.push(() => {
        asm.link(site, asm.here);
        asm.storeRcx(CONTEXT_BASE + CONTEXT.spilledRcx);
        asm.emit(0x48, 0xb9); // mov rcx, target
        asm.u64(target);
        this.indirectJump();
      });
      return;
    }
    if (this.linkKnown(site, target)) return;
    this.cold.push(() => {
      // It may have been translated in this fragment meanwhile.
      if (this.host.linksEagerly && this.linkKnown(site, target)) return;
      if (isCertain) this.host.expects(target);
      asm.alignLiteral(STUB_LITERAL);
      asm.link(site, asm.here);
      this.host.addTrap(asm.here, { kind: "exit", target, site, stub: asm.here });
      // The trap, and room for the far jump that takes its place.
      for (let i = 0; i < 15; i++) asm.byte(0xcc);
    });
  }

  /** Links a branch to its target, if that is translated already. */
  private linkKnown(site: number, target: number): boolean {
    const known = this.host.lookup(target);
    if (known === undefined || !this.asm.reaches(site, known)) return false;
    this.asm.link(site, known);
    this.host.linked(known, site);
    return true;
  }

  /** Pushes the *app* return address, so that the program and its unwinders see their own text. */
  protected pushReturn(next: number, bits: number): void {
    const { asm } = this;
    this.translates(this.translationInfo[this.translationInfo.length - 2]!, bits);
    if (next < 0x80000000) {
      asm.byte(0x68); // push imm32
      asm.u32(next);
      return;
    }
    asm.emit(0xff, 0x35); // push [rip + literal]
    const site = asm.relative();
    this.cold.push(() => {
      asm.alignLiteral(0);
      asm.link(site, asm.here);
      asm.u64(next);
    });
  }

  /**
   * Spills rcx and loads it with the operand of `jmp r/m64` or `call r/m64`.
   *
   * @returns False if there is a trap instead, the operand being out of reach.
   */
  protected loadTarget(instruction: Decoded): boolean {
    const { asm } = this;
    const { bytes } = instruction;
    const first = asm.cursor;
    this.noteBranch(instruction.pc);
    asm.storeRcx(CONTEXT_BASE + CONTEXT.spilledRcx);
    this.translates(instruction.pc, TRANSLATION.rcx);
    let i = 0;
    let rex = 0;
    for (; bytes[i] !== 0xff; i++) {
      const prefix = bytes[i]!;
      // A REX prefix counts only right before the opcode (Intel SDM vol. 2, 2.2.1).
      rex = (prefix & 0xf0) === 0x40 ? prefix : 0;
      if (prefix === 0x64 || prefix === 0x65 || prefix === 0x67) asm.byte(prefix);
    }
    asm.emit(0x48 | (rex & 3), 0x8b, (bytes[i + 1]! & 0xc7) | 0x08);
    const start = asm.cursor;
    asm.copy(bytes.subarray(i + 2));
    if (
      instruction.displacement === 0 ||
      this.relocate(instruction, start + instruction.displacement - (i + 2))
    ) {
      return true;
    }
    this.translationInfo.splice(-3);
    asm.cursor = first;
    this.trap(instruction, "unsupported");
    return false;
  }

  /** Notes which indirect branch comes, for the case that it has no target: the processor faults at the branch then. */
  private noteBranch(pc: number): void {
    const { asm } = this;
    asm.emit(0xc7, 0x04, 0x25); // mov dword [branch], pc
    asm.u32(CONTEXT_BASE + CONTEXT.branch);
    asm.u32(pc);
  }

  /** Goes to the app pc in rcx by the lookup table; rcx is spilled already. */
  protected indirectJump(): void {
    const { asm } = this;
    asm.storeRax(CONTEXT_BASE + CONTEXT.spilledRax);
    emitLookup(asm);
  }

  /** A trap where a debugger stops; `at` as in `StopTrap`. */
  protected stop(
    reason: StopTrap["reason"],
    at: Omit<Between, "counted"> | undefined,
    garbage: number,
  ): void {
    const { asm, state } = this;
    const counted = state & TRANSLATION.tick ? "tick" : state & TRANSLATION.jump ? "jump" : undefined;
    const garbageFlags = rflagsBits(garbage);
    this.host.addTrap(asm.here, { kind: "stop", reason, at: at && { ...at, counted }, garbageFlags });
    asm.byte(0xcc);
  }

  /** `ret`: pops the app pc into rcx, which is spilled. */
  protected popReturn(instruction: Decoded): void {
    const { asm } = this;
    const { bytes, length, pc } = instruction;
    this.noteBranch(pc);
    asm.storeRcx(CONTEXT_BASE + CONTEXT.spilledRcx);
    this.translates(pc, TRANSLATION.rcx);
    asm.byte(0x59); // pop rcx
    if (length >= 3 && bytes[length - 3] === 0xc2) {
      asm.emit(0x48, 0x8d, 0xa4, 0x24); // lea rsp, [rsp + imm]
      asm.u32(bytes[length - 2]! | (bytes[length - 1]! << 8));
    }
  }
}

/** `movzx eax, cx; jmp [rax * 8 + table]`. */
export function emitLookup(asm: Assembler): void {
  asm.emit(0x0f, 0xb7, 0xc1, 0xff, 0x24, 0xc5);
  asm.u32(TABLE_BASE);
}

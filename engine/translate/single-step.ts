/**
 * Translation of one instruction alone, for programs that single-step themselves (the trap flag): whatever it leads to, it
 * traps there, and nothing is linked. Its count of a branch, its system call and its faults are as in any other translation.
 */

import { FragmentEmitter } from "./fragment.ts";
import type { Fragment } from "./fragment-host.ts";
import { Kind } from "./instruction.ts";

/** `mov` to a segment register, and `pop %ss` does not exist in 64-bit mode; /2 is ss (Intel SDM vol. 2, MOV). */
const MOV_TO_SEGMENT = 0x8e;
const IS_SS = (modrm: number): boolean => ((modrm >> 3) & 7) === 2;

/** Emits the translation of one instruction that traps behind it. */
export class SingleStepEmitter extends FragmentEmitter {
  /** No trap comes behind it: the next instruction comes first. */
  private holdsTrap = false;

  override run(): Fragment {
    const instruction = this.text.decode(this.start);
    const { kind, bytes, length } = instruction;
    const at = bytes.indexOf(MOV_TO_SEGMENT);
    // Behind a system call the kernel goes back by iret, whose trap comes one instruction later.
    this.holdsTrap = kind === Kind.Syscall || (at >= 0 && at === length - 2 && IS_SS(bytes[at + 1]!));
    const isPlain = kind === Kind.Plain;
    const counts = kind === Kind.Jcc || kind === Kind.Loop ? "tick" : undefined;
    const jumps = kind === Kind.Jmp && instruction.target <= instruction.pc ? "jump" : undefined;
    this.body([instruction], isPlain ? [instruction] : [], counts ?? jumps);
    const next = this.terminate(instruction);
    this.state = 0;
    if (next !== undefined) this.exit(this.asm.jump(), next);
    return this.finish();
  }

  protected override exit(site: number, target: number): void {
    this.cold.push(() => {
      this.asm.link(site, this.asm.here);
      this.endsAt(target);
    });
  }

  /** The target stays in rcx. */
  protected override indirectJump(): void {
    this.endsAt(undefined);
  }

  protected override returnSite(): undefined {}

  /** It traps at once: the processor would trace the stub. */
  protected override ask(): void {}

  private endsAt(target: number | undefined): void {
    const { asm, host, holdsTrap } = this;
    host.addTrap(asm.here, { kind: "step", target, holdsTrap });
    asm.byte(0xcc);
  }
}

/** An instruction for itself, and where its translation begins. */
export interface SingleStep {
  pc: number;
  entry: number;
}

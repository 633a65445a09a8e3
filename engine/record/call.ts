/** A system call that is being recorded, from its entry to its end. */
import type { MemoryRange, SyscallSpec } from "../kernel/mod.ts";
import { StoppedCall } from "../session/stopped-call.ts";
import type { MappingRecord, MemoryWrite } from "../trace/events.ts";
import type { AddressSpace } from "../tracee/address-space.ts";
import type { CallSite } from "../tracee/call-site.ts";
import type { Task } from "../tracee/task.ts";

/**
 * A stopped call with what the recorder has changed of it for the kernel's eyes, which the program gets back as it
 * was.
 */
export class Call extends StoppedCall {
  /** The kernel broke it off for a signal and may restart it. */
  restarting = false;
  /** It is a wait for what the task traces, and the kernel only has it sleep. */
  sleeps = false;
  /** It is an execve that has succeeded. */
  replaced = false;
  /** Arguments that the recorder changed for the kernel's eyes, and what the program had there. */
  readonly changed: { argument: number; value: bigint }[] = [];
  /** Why it can't be recorded should it succeed, for the user. */
  refusal: string | undefined;
  /** Result to give where the kernel has done only what comes before the failure. */
  failure: number | undefined;
  /** The address that it comes to before that. */
  failsAt: number | undefined;
  /** Where the task stood in the cache, if a supervisor is asked about the call instead of its being made. */
  askedAt: bigint | undefined;
  /** Ordinary calls that it consists of, which were made in its name. */
  readonly parts: Call[] = [];
  /** Memory that these, or the recorder in the kernel's place, have written. */
  readonly wrote: MemoryRange[] = [];
  /** Memory as it was before, of which nobody knows what the call writes. */
  compared: MemoryWrite | undefined;
  /** The file that it maps, where that was looked at when the call began. */
  file: { name: string; index: number } | undefined;
  /** Memory that was mapped for it. */
  made: MappingRecord | undefined;
  /** Its result and its memory are as they are to be. */
  isAnswered = false;
  /** What it was given in memory, where its results may take the place of that. */
  input: Uint8Array | undefined;

  /**
   * @param spec Undefined for a number that this engine does not know.
   */
  constructor(
    readonly site: CallSite,
    readonly spec: SyscallSpec | undefined,
    space: AddressSpace,
  ) {
    super(site.number, site.registers, space);
  }

  /** App pc of the `syscall` instruction. */
  get pc(): number {
    return this.site.pc;
  }

  /** App pc of the instruction behind it. */
  get next(): number {
    return this.site.next;
  }

  /** Gives the kernel another argument than the program did. */
  change(task: Task, argument: number, value: bigint | number): void {
    this.changed.push({ argument, value: task.argumentRegister(argument) });
    task.setArgument(argument, value);
  }
}

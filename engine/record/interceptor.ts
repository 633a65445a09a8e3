/**
 * Whoever stands between a program and the kernel: answers calls in the kernel's place, changes what it sees of them, or
 * brings signals. A described host is one, and so is what `--deny` forbids. The recorder asks all of them, in order, and
 * knows none by name. First of all comes what the program has forbidden itself.
 */
import type { ProcessorWords } from "../arch/x86_64/visible-cpuid.ts";
import { BUFFERED, type BufferedCall } from "../kernel/mod.ts";
import type { ElisionTrap } from "../translate/traps.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";
import type { Judgement } from "./seccomp/judgement.ts";

/** A call's result, to be had once the task is out of the kernel. */
export type Answer = () => number;

/** What an interceptor may do; it says nothing of what it has no part in. */
export interface Interceptor {
  /** A task is about to run. */
  runs?(task: RecordedTask): void;
  /** Ticks of a task at which it is to be stopped exactly; undefined for nowhere. */
  nextStop?(task: RecordedTask): number | undefined;
  /**
   * A task has stopped, its ticks are settled.
   *
   * @returns Whether signals are on their way that belong right here.
   */
  arrived?(task: RecordedTask): boolean;
  /**
   * What becomes of a call before anybody looks at what it is; undefined if it may be done. One that may not leaves no mark
   * but what its task gets for it.
   */
  judges?(task: RecordedTask, call: Call): Judgement | undefined;
  /**
   * Calls of a task that it need not be asked about: they may be done without a stop. An interceptor without this is to be
   * asked about all.
   */
  spares?(task: RecordedTask): readonly BufferedCall[];
  /** An instruction of a task has faulted. */
  faults?(task: RecordedTask): void;
  /** How it answers a call instead of the kernel; undefined for one that is not its own. */
  answers?(task: RecordedTask, call: Call): Answer | undefined;
  /** Whether it would have to answer a call that is in the kernel, whose arguments may have changed since. */
  mustAnswer?(task: RecordedTask, call: Call): boolean;
  /** The kernel is going to do a call. */
  enters?(task: RecordedTask, call: Call): void;
  /** The kernel has done a call, or it was answered; its result is known, its event is still to be written. */
  leaves?(task: RecordedTask, call: Call): void;
  /** What the processor says of itself; undefined where it has the word. */
  processorSays?(leaf: number, subleaf: number): ProcessorWords | undefined;
  /** A task is at an instruction that no transaction survives. */
  aborts?(task: RecordedTask): void;
  /** A task passes an edge of an elided critical section, or a locked instruction, at so many ticks. */
  elision?(task: RecordedTask, edge: ElisionTrap["edge"], ticks: number): void;
  /** A signal is delivered; its siginfo may be changed. */
  delivers?(task: RecordedTask, siginfo: Uint8Array): void;
  /** The name of memory that it keeps at an address; undefined for memory that is not its own. */
  memoryAt?(task: RecordedTask, address: number): string | undefined;
  /** A task has made another one. */
  born?(parent: RecordedTask, child: RecordedTask): void;
  /** A task runs a new program from now on. */
  replaced?(task: RecordedTask): void;
  /** A task is gone. */
  gone?(task: RecordedTask): void;
}

/** Several interceptors as one: each hears of everything, the first that has an answer gives it. */
export class Interceptors implements Required<Interceptor> {
  readonly #all: Interceptor[] = [];

  add(interceptor: Interceptor): void {
    this.#all.push(interceptor);
  }

  runs(task: RecordedTask): void {
    for (const each of this.#all) each.runs?.(task);
  }

  /** Whether somebody is to be asked about each call of the program. */
  get any(): boolean {
    return this.#all.some(({ spares }) => spares === undefined);
  }

  judges(task: RecordedTask, call: Call): Judgement | undefined {
    for (const each of this.#all) {
      const judgement = each.judges?.(task, call);
      if (judgement) return judgement;
    }
    return undefined;
  }

  /** Calls that may be done without a stop: the same list as long as nothing changes. */
  spares(task: RecordedTask): readonly BufferedCall[] {
    let spared = BUFFERED;
    for (const each of this.#all) {
      const calls = each.spares?.(task) ?? [];
      spared = spared === BUFFERED ? calls : spared.filter((call) => calls.includes(call));
    }
    return spared;
  }

  /** The nearest stop that one of them asks for. */
  nextStop(task: RecordedTask): number | undefined {
    let nearest: number | undefined;
    for (const each of this.#all) {
      const stop = each.nextStop?.(task);
      if (stop !== undefined && (nearest === undefined || stop < nearest)) nearest = stop;
    }
    return nearest;
  }

  arrived(task: RecordedTask): boolean {
    let brings = false;
    for (const each of this.#all) if (each.arrived?.(task)) brings = true;
    return brings;
  }

  faults(task: RecordedTask): void {
    for (const each of this.#all) each.faults?.(task);
  }

  answers(task: RecordedTask, call: Call): Answer | undefined {
    for (const each of this.#all) {
      const answer = each.answers?.(task, call);
      if (answer) return answer;
    }
    return undefined;
  }

  mustAnswer(task: RecordedTask, call: Call): boolean {
    return this.#all.some((each) => each.mustAnswer?.(task, call));
  }

  enters(task: RecordedTask, call: Call): void {
    for (const each of this.#all) each.enters?.(task, call);
  }

  leaves(task: RecordedTask, call: Call): void {
    for (const each of this.#all) each.leaves?.(task, call);
  }

  processorSays(leaf: number, subleaf: number): ProcessorWords | undefined {
    for (const each of this.#all) {
      const said = each.processorSays?.(leaf, subleaf);
      if (said) return said;
    }
    return undefined;
  }

  aborts(task: RecordedTask): void {
    for (const each of this.#all) each.aborts?.(task);
  }

  elision(task: RecordedTask, edge: ElisionTrap["edge"], ticks: number): void {
    for (const each of this.#all) each.elision?.(task, edge, ticks);
  }

  delivers(task: RecordedTask, siginfo: Uint8Array): void {
    for (const each of this.#all) each.delivers?.(task, siginfo);
  }

  memoryAt(task: RecordedTask, address: number): string | undefined {
    for (const each of this.#all) {
      const name = each.memoryAt?.(task, address);
      if (name !== undefined) return name;
    }
    return undefined;
  }

  born(parent: RecordedTask, child: RecordedTask): void {
    for (const each of this.#all) each.born?.(parent, child);
  }

  replaced(task: RecordedTask): void {
    for (const each of this.#all) each.replaced?.(task);
  }

  gone(task: RecordedTask): void {
    for (const each of this.#all) each.gone?.(task);
  }
}

/**
 * Memory that a program does not want to become executable (prctl PR_SET_MDWE). The kernel would refuse the engine's own code by
 * it, and knows no text of the program as executable: the recorder keeps to the rule in its place.
 *
 * Sources: prctl_set_mdwe in kernel/sys.c, map_deny_write_exec in include/linux/mman.h, do_mprotect_pkey in mm/mprotect.c,
 * mmf_init_flags in include/linux/mm_types.h, Linux 6.18: a fork and a new program have it too, unless it says otherwise.
 */
import { existsSync } from "node:fs";
import { ERRNO, MAP, PROT, rawSyscall, SYSCALLS } from "../../ffi/mod.ts";
import { BUFFERED, type BufferedCall } from "../kernel/mod.ts";
import { PAGE_SIZE, pageEnd } from "../tracee/mappings.ts";
import type { Call } from "./call.ts";
import type { Answer, Interceptor } from "./interceptor.ts";
import type { RecordedProcess, RecordedTask } from "./recorded-task.ts";

/** prctl(2), linux/prctl.h. */
const PR = { SET_MDWE: 65, GET_MDWE: 66 } as const;
const RULE = { refuseGain: 1, notInherited: 2 } as const;

/** Where each type of mapping is a number of its own (MAP_SHARED to MAP_SHARED_VALIDATE; linux/mman.h). */
const LAST_TYPE = 3;

/** The rule of one address space: bits of `RULE`. */
interface Rule {
  bits: number;
}

let known: boolean | undefined;

/** Whether the kernel has such a rule (since Linux 6.3). */
function kernelHasRule(): boolean {
  known ??= rawSyscall(SYSCALLS.prctl, PR.GET_MDWE, 0, 0, 0, 0) >= 0;
  return known;
}

/** Keeps the rules of all processes, and to them. */
export class ExecutableGain implements Interceptor {
  readonly #of = new WeakMap<RecordedProcess, Rule>();

  spares(): readonly BufferedCall[] {
    return BUFFERED;
  }

  answers(task: RecordedTask, call: Call): Answer | undefined {
    switch (call.number) {
      case SYSCALLS.prctl:
        return this.#answersRequest(task, call);
      case SYSCALLS.mmap:
        return this.#isDenied(task) && mapsBoth(task, call) ? () => -ERRNO.EACCES : undefined;
      case SYSCALLS.mprotect:
      case SYSCALLS.pkey_mprotect:
        call.failsAt = this.#deniedFrom(task, call);
        return call.failsAt === call.argument(0) ? () => -ERRNO.EACCES : undefined;
      default:
        return undefined;
    }
  }

  enters(task: RecordedTask, call: Call): void {
    if (call.failsAt === undefined) return;
    // What comes before is done.
    call.change(task, 1, call.failsAt - call.argument(0));
    call.failure = -ERRNO.EACCES;
  }

  born(parent: RecordedTask, child: RecordedTask): void {
    const rule = this.#of.get(parent.process);
    if (rule === undefined || child.process === parent.process) return;
    this.#of.set(child.process, child.space === parent.space ? rule : inherited(rule));
  }

  replaced({ process }: RecordedTask): void {
    const rule = this.#of.get(process);
    if (rule) this.#of.set(process, inherited(rule));
  }

  #isDenied({ process }: RecordedTask): boolean {
    return ((this.#of.get(process)?.bits ?? 0) & RULE.refuseGain) !== 0;
  }

  #answersRequest({ process }: RecordedTask, call: Call): Answer | undefined {
    const option = call.int(0);
    if ((option !== PR.SET_MDWE && option !== PR.GET_MDWE) || !kernelHasRule()) return undefined;
    const [, bits = 0, ...others] = call.args;
    if (others.slice(0, 3).some((other) => other !== 0)) return () => -ERRNO.EINVAL;
    const current = this.#of.get(process)?.bits ?? 0;
    if (option === PR.GET_MDWE) return () => (bits === 0 ? current : -ERRNO.EINVAL);
    return () => {
      if (bits > RULE.refuseGain + RULE.notInherited || bits === RULE.notInherited) return -ERRNO.EINVAL;
      if (current !== 0 && current !== bits) return -ERRNO.EPERM;
      const rule = this.#of.get(process);
      if (rule) rule.bits = bits;
      else this.#of.set(process, { bits });
      return 0;
    };
  }

  /** Where an mprotect comes to memory that may not become executable; undefined if it does not. */
  #deniedFrom(task: RecordedTask, call: Call): number | undefined {
    const protection = call.int(2);
    if ((protection & PROT.EXEC) === 0 || !this.#isDenied(task)) return undefined;
    const start = call.argument(0);
    const end = pageEnd(start + call.argument(1));
    let at = start;
    for (const mapping of task.space.mappings.overlapping(start, end)) {
      // Holes are the kernel's to tell.
      if (mapping.start > at) return undefined;
      if ((protection & PROT.WRITE) !== 0 || (mapping.protection & PROT.EXEC) === 0) return at;
      at = mapping.end;
    }
    return undefined;
  }
}

function inherited({ bits }: Rule): Rule {
  return { bits: (bits & RULE.notInherited) === 0 ? bits : 0 };
}

/** Whether an mmap is of memory that is to be writable and executable, and the kernel would find nothing else wrong with it. */
function mapsBoth(task: RecordedTask, call: Call): boolean {
  const both = PROT.WRITE | PROT.EXEC;
  if ((call.int(2) & both) !== both || call.argument(1) === 0) return false;
  const type = call.int(3) & MAP.TYPE;
  if (type === 0 || type > LAST_TYPE || call.argument(5) % PAGE_SIZE !== 0) return false;
  return (call.int(3) & MAP.ANONYMOUS) !== 0 || existsSync(`/proc/${task.tid}/fd/${call.int(4)}`);
}

/**
 * Filters of system calls that the program sets for itself (seccomp): an interceptor that is asked before all others, as the
 * kernel asks them before it looks at a call. Calls that the engine makes in a task's name are none of the program's.
 */
import { ERRNO, rawSyscall, SYSCALLS } from "../../../ffi/mod.ts";
import { BUFFERED, type BufferedCall } from "../../kernel/mod.ts";
import type { Tracer } from "../../tracee/tracer.ts";
import type { Call } from "../call.ts";
import type { Answer, Interceptor } from "../interceptor.ts";
import type { RecordedTask } from "../recorded-task.ts";
import { refuseTimeStamps } from "../time-stamps.ts";
import { alwaysAllows, type FilterChain } from "./filter-chain.ts";
import { type Judgement, judge, STRICT_CALLS } from "./judgement.ts";
import { makeListener, type Notifications } from "./listener.ts";
import { isAdministrator, seccomp, setSeccomp } from "./set-filter.ts";
import { MODE } from "./state.ts";

export { type Judgement, sigsys } from "./judgement.ts";
export { inheritedSeccomp, type SeccompState, UNFILTERED } from "./state.ts";

/** prctl(2), linux/prctl.h. */
const PR = { GET_SECCOMP: 21, SET_SECCOMP: 22, SET_NO_NEW_PRIVS: 38, GET_NO_NEW_PRIVS: 39 } as const;

/** Calls that need no stop in strict mode. */
const STRICT_BUFFERED = BUFFERED.filter(({ number }) => STRICT_CALLS.has(number));

/** Runs the filters of all tasks of a recording. */
export class ProgramFilters implements Interceptor {
  /** Calls that need no stop under a filter and those behind it: those that it lets pass whatever their arguments are. */
  readonly #buffered = new WeakMap<FilterChain, readonly BufferedCall[]>();

  constructor(
    private readonly recording: { readonly tracer: Tracer; readonly notifications: Notifications },
  ) {}

  judges(task: RecordedTask, { site }: Call): Judgement | undefined {
    const { seccomp: state, process, letGoOn } = task;
    task.letGoOn = undefined;
    // A supervisor has been asked about it.
    if (letGoOn?.pc === site.pc && letGoOn.ticks === task.ticks) return undefined;
    return judge(state, site, process.tasks.size === 1);
  }

  spares({ seccomp: { mode, filters } }: RecordedTask): readonly BufferedCall[] {
    if (mode === MODE.strict) return STRICT_BUFFERED;
    if (filters === undefined) return BUFFERED;
    const known = this.#buffered.get(filters);
    if (known) return known;
    const spared = BUFFERED.filter(({ number }) => alwaysAllows(filters, number));
    this.#buffered.set(filters, spared);
    return spared;
  }

  answers(task: RecordedTask, call: Call): Answer | undefined {
    if (call.number === SYSCALLS.seccomp) {
      return () =>
        this.#strictly(
          task,
          seccomp(task, call, (flags) => makeListener(this.recording.tracer, task, flags)),
        );
    }
    if (call.number === SYSCALLS.landlock_restrict_self)
      return mayRestrict(task) ? undefined : () => -ERRNO.EPERM;
    if (call.number !== SYSCALLS.prctl) return undefined;
    switch (call.int(0)) {
      case PR.GET_SECCOMP:
        return () => task.seccomp.mode;
      case PR.SET_SECCOMP:
        return () => this.#strictly(task, setSeccomp(task, call));
      case PR.GET_NO_NEW_PRIVS:
        // Anything else in the arguments is an error, which the kernel says.
        return hasNoMore(call, 1) ? () => Number(task.seccomp.noNewPrivs) : undefined;
      default:
        return undefined;
    }
  }

  /** In strict mode a task may not read time stamps either (seccomp_set_mode_strict in kernel/seccomp.c, Linux 6.18). */
  #strictly(task: RecordedTask, result: number): number {
    if (task.seccomp.mode === MODE.strict && task.readsTimeStamps)
      refuseTimeStamps(this.recording.tracer, task);
    return result;
  }

  enters(task: RecordedTask, call: Call): void {
    this.recording.notifications.enters(task, call);
  }

  gone(task: RecordedTask): void {
    this.recording.notifications.end(task);
  }

  leaves(task: RecordedTask, call: Call): void {
    this.recording.notifications.leaves(task, call);
    if (call.number !== SYSCALLS.prctl || call.int(0) !== PR.SET_NO_NEW_PRIVS || call.result !== 0) return;
    task.seccomp = { ...task.seccomp, noNewPrivs: true };
  }

  born(parent: RecordedTask, child: RecordedTask): void {
    child.seccomp = parent.seccomp;
  }
}

/** What landlock asks of a task: the engine's filter may have taken away the rights that the program still has. */
function mayRestrict({ seccomp: state, tid }: RecordedTask): boolean {
  return state.noNewPrivs || isAdministrator(tid) || !hasLandlock();
}

let landlock: boolean | undefined;

/** Whether the kernel has rules of landlock (LANDLOCK_CREATE_RULESET_VERSION). */
function hasLandlock(): boolean {
  landlock ??= rawSyscall(SYSCALLS.landlock_create_ruleset, 0, 0, 1) > 0;
  return landlock;
}

/** Whether the arguments of a prctl from one on are 0. */
function hasNoMore(call: Call, first: number): boolean {
  return [1, 2, 3, 4].every((at) => at < first || call.argument(at) === 0);
}

/** What the signals of a process do: its table of actions, kept from its rt_sigaction calls. */
import { KERNEL_SIGACTION, SA, SIG, SIG_DFL, SIG_IGN } from "../../ffi/mod.ts";

/** One entry of the table. */
interface Action {
  handler: number;
  flags: number;
}

const DEFAULT: Action = { handler: SIG_DFL, flags: 0 };

/** Default actions that are not the process's end (signal(7), "Standard signals"). */
const DEFAULT_IGNORED: readonly number[] = [SIG.SIGCHLD, SIG.SIGURG, SIG.SIGWINCH, SIG.SIGCONT];
const DEFAULT_STOPS: readonly number[] = [SIG.SIGSTOP, SIG.SIGTSTP, SIG.SIGTTIN, SIG.SIGTTOU];

/** What becomes of a signal: as `SignalEvent.disposition`, or `stop` for job control. */
export type Disposition = "handler" | "ignored" | "fatal" | "stop";

/** The action of each signal. Shared by processes that were cloned with CLONE_SIGHAND. */
export class Actions {
  private readonly table = new Map<number, Action>();

  /** A copy, for a forked process. */
  clone(): Actions {
    const copy = new Actions();
    for (const [signal, action] of this.table) copy.table.set(signal, action);
    return copy;
  }

  /** Takes over a successful rt_sigaction: `bytes` is its struct kernel_sigaction. */
  set(signal: number, bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.table.set(signal, {
      handler: Number(view.getBigUint64(KERNEL_SIGACTION.handler, true)),
      flags: Number(view.getBigUint64(KERNEL_SIGACTION.flags, true)),
    });
  }

  /** A signal that was ignored before the program began. */
  ignore(signal: number): void {
    this.table.set(signal, { handler: SIG_IGN, flags: 0 });
  }

  /** Handlers do not survive execve; ignored signals do (execve(2)). */
  afterExec(): void {
    for (const [signal, { handler }] of this.table) {
      if (handler !== SIG_IGN) this.table.delete(signal);
    }
  }

  /** Address of the handler that a signal has. */
  handler(signal: number): number {
    return (this.table.get(signal) ?? DEFAULT).handler;
  }

  /** SA_* flags of its action. */
  flags(signal: number): number {
    return (this.table.get(signal) ?? DEFAULT).flags;
  }

  disposition(signal: number): Disposition {
    const { handler } = this.table.get(signal) ?? DEFAULT;
    if (handler === SIG_IGN) return "ignored";
    if (handler !== SIG_DFL) return "handler";
    if (DEFAULT_IGNORED.includes(signal)) return "ignored";
    return DEFAULT_STOPS.includes(signal) ? "stop" : "fatal";
  }

  /** The kernel's forced signals (faults) can't be ignored: they then kill. */
  forcedDisposition(signal: number): Disposition {
    const disposition = this.disposition(signal);
    return disposition === "handler" ? disposition : "fatal";
  }

  /** The kernel has put the default action back. */
  reset(signal: number): void {
    this.table.delete(signal);
  }

  /** A handler was entered: SA_RESETHAND makes it the last time. */
  delivered(signal: number): void {
    const action = this.table.get(signal);
    if (action && action.flags & SA.RESETHAND) this.table.delete(signal);
  }
}

/** A fresh table of actions, with the signals that the recorder's own parent ignored. */
export function initialActions(ignored: readonly number[]): Actions {
  const actions = new Actions();
  for (const signal of ignored) actions.ignore(signal);
  return actions;
}

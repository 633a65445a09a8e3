/** What the tests of this folder share: a tracee at its first instruction, and bun for a fixture. */

import { join } from "node:path";
import {
  PTRACE_O,
  rawSyscall,
  SIG,
  SYSCALLS,
  setOptions,
  spawnTraced,
  TraceeControl,
  waitStatus,
} from "./mod.ts";

/** Options of every tracee of the tests. */
export const TEST_OPTIONS: number =
  PTRACE_O.EXITKILL |
  PTRACE_O.TRACESYSGOOD |
  PTRACE_O.TRACEEXEC |
  PTRACE_O.TRACECLONE |
  PTRACE_O.TRACEFORK |
  PTRACE_O.TRACEVFORK;

/** A tracee with its control; disposing kills it. */
export interface TestTracee extends Disposable {
  readonly pid: number;
  readonly control: TraceeControl;
}

/** Starts a program and waits for its exec stop. */
export function startTracee(
  path: string,
  args: readonly string[] = [],
  env: readonly string[] = [],
): TestTracee {
  const control = new TraceeControl();
  const pid = spawnTraced({ path, argv: [path, ...args], env });
  if (control.wait(pid, 0) !== pid) throw new Error(`Cannot start ${path}: its exec stop did not come`);
  setOptions(pid, TEST_OPTIONS);
  return {
    pid,
    control,
    [Symbol.dispose]() {
      // −ECHILD from the wait, and ESRCH before it: the test has seen the end itself.
      if (rawSyscall(SYSCALLS.kill, pid, SIG.SIGKILL) === 0) {
        while (control.wait(pid, 0) === pid && waitStatus(control.status).kind === "stopped");
      }
      control[Symbol.dispose]();
    },
  };
}

/** Command that runs a fixture of this folder. */
export function fixture(name: string): [bun: string, file: string] {
  return [process.execPath, join(import.meta.dir, "fixtures", name)];
}

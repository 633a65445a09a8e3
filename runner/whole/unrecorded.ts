/**
 * A whole command by itself, where it can't be recorded: its tests are to run all the same, and its exit code counts. What
 * can't be recorded is found out while it runs, so it may have run in part before, and starts anew.
 */
import type { Exit } from "../outcome/mod.ts";
import { signalNumber } from "../text/mod.ts";
import { passSignals } from "./attempt.ts";

/**
 * Runs a command with this process's standard streams.
 *
 * @param command Its words.
 * @returns How it ended.
 */
export async function runUnrecorded(command: readonly string[]): Promise<Exit> {
  const child = Bun.spawn([...command], { stdio: ["inherit", "inherit", "inherit"] });
  const release = passSignals(child, () => child.pid);
  try {
    await child.exited;
  } finally {
    release();
  }
  const signal = child.signalCode === null ? undefined : signalNumber(`${child.signalCode}`);
  return signal === undefined ? { code: child.exitCode ?? 0 } : { signal };
}

/** Ends this process the way the recorded program ended, so that a shell sees no difference. */
import { OK, SIGNAL_BASE } from "./exit-codes.ts";
import type { Exit } from "./report.ts";

/**
 * Gives the program's exit code, or dies of the signal that it died of.
 *
 * @param exit How the program ended; undefined if its end is not known (a trace that was cut off).
 * @returns The exit code to end with. After a fatal signal it is not reached.
 */
export async function endLike(exit: Exit | undefined): Promise<number> {
  if (exit === undefined) return OK;
  if ("code" in exit) return exit.code;
  const { disableCoreDump, restoreDefault } = await import("../ffi/mod.ts");
  disableCoreDump();
  restoreDefault(exit.signal);
  process.kill(process.pid, exit.signal);
  // The signal may reach another thread first: give it a moment before the shells' way of saying it.
  await Bun.sleep(100);
  return SIGNAL_BASE + exit.signal;
}

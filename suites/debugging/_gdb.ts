/** Sessions of gdb on recordings. */
import { writeFileSync } from "node:fs";
import { assert } from "@std/assert";
import { type Scratch, TICKPROOF } from "../_tickproof.ts";

/** How long a session may take, in milliseconds: gdb reads all symbols in each. */
const SESSION_TIMEOUT = 110_000;

/**
 * Runs commands of gdb.
 *
 * @param args Of `tickproof debug`, the trace among them.
 * @returns What it has said after the greeting.
 */
export function gdbSession(scratch: Scratch, args: readonly string[], commands: readonly string[]): string {
  const script = scratch.file("script.gdb");
  writeFileSync(script, `set pagination off\nset width 0\necho --- begin\\n\n${commands.join("\n")}\n`);
  const command = [...TICKPROOF, "debug", ...args, "--", "-nx", "-batch", "-x", script];
  // gdb shows the program's output, and commands that fail, on the other stream.
  const { stdout, exitedDueToTimeout } = Bun.spawnSync(["sh", "-c", 'exec "$@" 2>&1', "sh", ...command], {
    env: process.env,
    timeout: SESSION_TIMEOUT,
  });
  const said = stdout.toString();
  assert(!exitedDueToTimeout, `the session hangs:\n${said}`);
  const start = said.indexOf("--- begin\n");
  assert(start >= 0 && !said.includes("Error in sourced"), said);
  return said.slice(start);
}

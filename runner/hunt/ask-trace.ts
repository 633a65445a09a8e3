/** Asks a command of tickproof about a trace: a replay takes its time, and is no business of the hunt's process. */
import { TICKPROOF } from "../start/mod.ts";

/** @returns What it says as JSON; undefined where it has no answer. */
export async function askTrace(command: string, trace: string, words: readonly string[]): Promise<unknown> {
  const child = Bun.spawn([...TICKPROOF, command, "--json", trace, ...words], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const text = await new Response(child.stdout).text();
  return (await child.exited) === 0 ? JSON.parse(text) : undefined;
}

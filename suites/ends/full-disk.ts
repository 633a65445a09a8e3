/**
 * A recording that runs out of room: a limit on the size of files (RLIMIT_FSIZE) makes each of the recorder's writes fail
 * from some byte on, as a full disk does, at the first chunk, in the midst of a run, or in the thread that writes behind.
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run, TICKPROOF } from "../_tickproof.ts";
import { everyFile } from "./session.ts";

/** Prints as it goes, and reads what can't be compressed. */
const SCRIPT = "for i in 1 2 3 4 5 6 7 8 9; do echo line $i; head -c 3000000 /dev/urandom | cksum; done";

/** What a recording was like whose files could have so many KiB. */
export interface FullDisk {
  /** Whether there was room for all of it. */
  whole: boolean;
  faults: string[];
}

/** Records with a limit, and says what is wrong with what is left. */
export function recordOnFullDisk(folder: string, kibibytes: number): FullDisk {
  mkdirSync(folder, { recursive: true });
  const trace = join(folder, `trace-${kibibytes}`);
  const environment = { XDG_CACHE_HOME: join(folder, "cache") };
  const words = [...TICKPROOF, "record", "-q", "-o", trace, "--", "sh", "-c", SCRIPT];
  // bash counts in KiB; the cache is filled before, so that the limit hits the trace alone.
  const record = run(["bash", "-c", `ulimit -f ${kibibytes}; exec "$@"`, "bash", ...words], { environment });
  const faults: string[] = [];
  const whole = "code" in record.exit && record.exit.code === 0;
  if (!whole) {
    if (!("code" in record.exit) || record.exit.code !== 2)
      faults.push(`exit ${JSON.stringify(record.exit)}`);
    if (!/^tickproof: [^\n]+\n$/.test(record.stderr)) faults.push(`more than one error: ${record.stderr}`);
  }
  const halves = everyFile(folder).filter((path) => /\.new\b|\.new-|\.\d+$/.test(path));
  for (const path of halves) faults.push(`half a file is left: ${path}`);
  if (existsSync(trace)) faults.push(...judge(trace, whole, record.stdout.toString(), environment));
  rmSync(trace, { recursive: true, force: true });
  return { whole, faults };
}

function judge(trace: string, whole: boolean, output: string, environment: Record<string, string>): string[] {
  const replay = run([...TICKPROOF, "replay", trace], { environment });
  const faults: string[] = [];
  if (!output.startsWith(replay.stdout.toString())) faults.push("its replay prints something else");
  const inPart = replay.stderr.includes("in part") || replay.stderr.includes("before its first event");
  if (whole === inPart) faults.push(`whole ${whole}, and the replay says: ${replay.stderr}`);
  if (/\n\s+at /.test(replay.stderr)) faults.push(`a stack trace: ${replay.stderr}`);
  return faults;
}

/**
 * Lets each call fail by which a recorder writes and a replayer reads, by hand: `runner/bun suites/faults/run.ts`. Prints what
 * was done, and what went wrong; exit code 1 if anything did.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Faulty, type Injection } from "./inject.ts";

const KINDS: readonly Omit<Injection, "at">[] = [
  { side: "writes", error: "ENOSPC", onwards: true },
  { side: "writes", error: "ENOSPC", onwards: false },
  { side: "writes", error: "EIO", onwards: false },
  { side: "writes", error: "ENOSPC", onwards: true, cold: true },
  { side: "reads", error: "EIO", onwards: false },
  { side: "reads", error: "EIO", onwards: true },
];

const folder = mkdtempSync(join(tmpdir(), "tickproof-faults-"));
let bad = 0;
try {
  const faulty = await Faulty.prepare(folder);
  for (const kind of KINDS) {
    const ends = new Map<string, number>();
    // Where files are copied there are some thousand, alike.
    const step = kind.cold ? 23 : 1;
    for (let at = 1; at <= faulty.calls[kind.cold ? "cold" : kind.side]; at += step) {
      const { call, exit, stderr, faults } = await faulty.suffer({ ...kind, at });
      ends.set(exit, (ends.get(exit) ?? 0) + 1);
      if (faults.length === 0) continue;
      bad++;
      console.log(`${kind.error} at ${at} (${call}): ${faults.join("; ")}\n  ${exit} ${stderr}`);
    }
    const { side, error, onwards, cold } = kind;
    const counts = [...ends].map(([exit, count]) => `${count} ended by ${exit}`).join(", ");
    console.log(
      `${cold ? "cold " : ""}${side}, ${error} ${onwards ? "from each call on" : "at each call"}: ${counts}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(bad === 0 ? 0 : 1);

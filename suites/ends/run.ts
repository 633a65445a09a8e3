/**
 * Disturbs many recordings and replays at random moments, by hand: `npm run ends -- --count 1000 --load 2`. Prints what was
 * done, and what went wrong; exit code 1 if anything did. What happens when follows from `--seed`; `--kinds` is a pattern
 * of what happens ("record SIGKILL tracer"), and `--disk` adds recordings that run out of room.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { allBlows, disturb } from "./disturb.ts";
import { recordOnFullDisk } from "./full-disk.ts";
import { atTerminal } from "./terminal.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "1000" },
    load: { type: "string", default: "2" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    kinds: { type: "string", default: "" },
    disk: { type: "boolean", default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), "tickproof-ends-"));
const load = Array.from({ length: Number(values.load) }, () =>
  Bun.spawn(["sh", "-c", "while :; do :; done"], { stdio: ["ignore", "ignore", "ignore"] }),
);
let bad = 0;
try {
  console.log(`seed ${values.seed}, load ${values.load}`);
  const kinds = allBlows(values.kinds);
  const table = new Map<string, { done: number; late: number; faults: number }>();
  for await (const { blow, aftermath } of disturb(folder, {
    count: Number(values.count),
    seed: Number(values.seed),
    kinds,
  })) {
    const key = `${blow.phase} ${blow.signal} to the ${blow.target}`;
    const row = table.get(key) ?? { done: 0, late: 0, faults: 0 };
    table.set(key, row);
    row.done++;
    if (aftermath.late) row.late++;
    if (aftermath.faults.length === 0) continue;
    row.faults++;
    bad++;
    console.log(
      `${key} after ${blow.after.toFixed(1)} ms: ${aftermath.faults.join("; ")}\n${aftermath.stderr}`,
    );
  }
  let full = 0;
  for (let kibibytes = 1; kibibytes < 30_000 && values.disk; kibibytes = Math.ceil(kibibytes * 1.3)) {
    const { whole, faults } = recordOnFullDisk(join(folder, "full"), kibibytes);
    full++;
    if (faults.length > 0) bad++;
    if (faults.length > 0) console.log(`${kibibytes} KiB (whole: ${whole}): ${faults.join("; ")}`);
  }
  console.log(`${full} recordings without room for their trace`);
  for await (const { job, faults } of atTerminal(join(folder, "terminal"))) {
    if (faults.length > 0) bad++;
    console.log(`at a terminal, ${job}: ${faults.join("; ") || "as natively"}`);
  }
  console.table(Object.fromEntries(table));
} finally {
  for (const child of load) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
process.exit(bad === 0 ? 0 : 1);

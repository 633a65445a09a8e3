/**
 * Random filters by hand: `runner/bun suites/filters/cli.ts --seeds FROM..TO`, a thousand cases each. Exit code 1 if the
 * kernel checks or runs one otherwise than the engine.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { differencesOf, helperIn } from "./_helper.ts";

const { values } = parseArgs({ options: { seeds: { type: "string", default: "1..5" } } });
const range = /^(\d+)(?:\.\.(\d+))?$/.exec(values.seeds);
if (!range) {
  console.error(`--seeds must be FROM..TO: got '${values.seeds}'`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "tickproof-filters-"));
let failed = 0;
try {
  const helper = await helperIn(folder);
  for (let seed = Number(range[1]); seed <= Number(range[2] ?? range[1]); seed++) {
    const found = differencesOf(helper, seed, 1000);
    failed += found.length;
    for (const line of found) console.log(`seed ${seed}, ${line}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.error(`${failed} differences`);
process.exit(failed === 0 ? 0 : 1);

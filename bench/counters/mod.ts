/** The benchmark of the counter path: each way to read and to switch a counter, beside the same loop in C. */
import { Counter, nativeWords } from "../../ffi/mod.ts";
import { UsageError } from "../../runner/errors/mod.ts";
import { say } from "../../runner/output/mod.ts";
import { host } from "../host.ts";
import { type CSide, openCSide } from "./c-side.ts";
import { type Garbage, measureGarbage } from "./garbage.ts";
import { measure } from "./measure.ts";
import { ROWS, type Row } from "./operations.ts";
import { type CountersReport, judge, type RowReport } from "./report.ts";
import { specialize } from "./specialize.ts";

export { drawCounters } from "./picture.ts";
export type { CountersReport } from "./report.ts";
export { countersTable } from "./table.ts";

const ROUNDS = 100;
const READS = 1_000_000;

/** What to run. */
export interface CountersBenchOptions {
  /** Only rows whose name has this in it. @default all */
  readonly filter?: string | undefined;
  /** How often Bun and C take turns. @default 100 */
  readonly rounds?: number | undefined;
}

function measureRow(row: Row, c: CSide, rounds: number): RowReport {
  using resources = new DisposableStack();
  const operation = row.open(resources);
  if ("skip" in operation) return { name: row.name, state: "skipped", reason: operation.skip };
  const { note, isRead } = operation;
  return {
    name: row.name,
    state: "measured",
    ...(note === undefined ? {} : { note }),
    ...measure(operation, "loops" in c ? c.loops[operation.c.loop] : undefined, rounds),
    ...(isRead ? { garbage: measureGarbage(specialize(operation.js), READS) } : {}),
  };
}

/** The garbage of reads that give a BigInt, to show that it is seen. */
function garbageOfBigInts(): Garbage {
  using counter = Counter.open("task-clock:u");
  using words = nativeWords();
  const into = words.u64;
  counter.enable();
  let latest = 0n;
  const garbage = measureGarbage(
    specialize(() => {
      counter.read(into);
      // Above 2^32, so that it needs a cell; used later, so that it is made.
      latest = into[0]! + 0x1_0000_0000n;
    }),
    READS,
  );
  if (latest === 0n) throw new Error("the control of the garbage has read nothing");
  return garbage;
}

/**
 * Runs the benchmark.
 *
 * @throws UsageError when no row has `filter` in its name.
 */
export async function benchCounters({
  filter = "",
  rounds = ROUNDS,
}: CountersBenchOptions = {}): Promise<CountersReport> {
  const chosen = ROWS.filter(({ name }) => name.includes(filter));
  if (chosen.length === 0) {
    const names = ROWS.map(({ name }) => `'${name}'`).join(", ");
    throw new UsageError(`no row of 'counters' has '${filter}' in its name: they are ${names}`);
  }
  const c = await openCSide();
  const rows = chosen.map((row) => {
    say(`${row.name}\n`);
    return measureRow(row, c, rounds);
  });
  const control = garbageOfBigInts();
  return {
    host: host(),
    c: "loops" in c ? { compiler: c.compiler } : c,
    rounds,
    rows,
    control,
    goals: judge(rows, control),
  };
}

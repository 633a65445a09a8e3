/** What a run of the benchmark gives: plain data, as `--json` writes it. */
import { counted } from "../../runner/text/mod.ts";
import type { Garbage } from "./garbage.ts";
import type { Figures } from "./measure.ts";

/** A row that was measured. */
export interface MeasuredRow extends Figures {
  readonly name: string;
  readonly state: "measured";
  readonly note?: string;
  /** Of an operation that reads. */
  readonly garbage?: Garbage;
}

/** A row: measured, or why not. */
export type RowReport =
  | MeasuredRow
  | { readonly name: string; readonly state: "skipped"; readonly reason: string };

/** What the counter path is to reach, and whether it does. */
export interface Goal {
  readonly goal: string;
  readonly value: string;
  /** Undefined: it could not be measured. */
  readonly met: boolean | undefined;
}

/** All of a run. Times are nanoseconds. */
export interface CountersReport {
  readonly host: string;
  /** The compiler of the C side with its flags, or why there is none. */
  readonly c: { readonly compiler: string } | { readonly missing: string };
  /** How often the two sides took turns. */
  readonly rounds: number;
  readonly rows: readonly RowReport[];
  /** The garbage of reads that make one BigInt each: it shows that garbage would be seen. */
  readonly control: Garbage;
  readonly goals: readonly Goal[];
}

const MOST_RATIO = 1.1;
const MOST_CALL_NANOSECONDS = 10;

/** The goals of the counter path, judged by the rows. */
export function judge(rows: readonly RowReport[], control: Garbage): Goal[] {
  const measured = rows.filter((row) => row.state === "measured");
  const find = (name: string) => measured.find((row) => row.name === name);
  const { ratio } = find("read, raw stub") ?? {};
  const { js, c } = find("empty call") ?? {};
  const above = js && c ? js.median - c.median : undefined;
  const garbage = measured.flatMap((row) => row.garbage ?? []);
  return [
    {
      goal: `raw read at most ${MOST_RATIO.toFixed(2)}× C`,
      value: ratio ? `${ratio.median.toFixed(2)}×` : NOT_MEASURED,
      met: ratio && ratio.median <= MOST_RATIO,
    },
    {
      goal: `stub alone at most ${MOST_CALL_NANOSECONDS} ns above an empty call in C`,
      value: above === undefined ? NOT_MEASURED : `${above.toFixed(1)} ns`,
      met: above === undefined ? undefined : above <= MOST_CALL_NANOSECONDS,
    },
    {
      goal: "no garbage per read",
      value: garbage.length > 0 ? describeGarbage(sum(garbage)) : NOT_MEASURED,
      met: garbage.length > 0 && control.collections > 0 ? garbage.every(isClean) : undefined,
    },
  ];
}

const NOT_MEASURED = "not measured";
const BYTES_OF_A_CELL = 16;

/** Fewer bytes kept than the smallest cell for each hundredth read: the harness itself keeps some. */
export function isClean({ reads, collections, kept }: Garbage): boolean {
  return collections === 0 && kept < (reads / 100) * BYTES_OF_A_CELL;
}

function sum(parts: readonly Garbage[]): Garbage {
  return parts.reduce((left, right) => ({
    reads: left.reads + right.reads,
    collections: left.collections + right.collections,
    kept: left.kept + right.kept,
  }));
}

/** Garbage in words. */
export function describeGarbage({ reads, collections, kept }: Garbage): string {
  return `${counted(collections, "collection")} in ${counted(reads, "read")}, ${counted(kept, "byte")} kept`;
}

/** What a run of the benchmark gives: plain data, as `--json` writes it. */
import type { Garbage } from "./garbage.ts";
import type { Figures } from "./measure.ts";

/** A row: measured, or why not. */
export type RowReport =
  | ({ readonly name: string; readonly state: "measured"; readonly note?: string } & Figures)
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
  /** Of `Counter.read`, and of a control that makes one BigInt for each read. Undefined: its row was filtered out. */
  readonly garbage?: { readonly read: Garbage; readonly control: Garbage };
  readonly goals: readonly Goal[];
}

const MOST_RATIO = 1.1;
const MOST_CALL_NANOSECONDS = 10;

/** The goals of the counter path, judged by the rows. */
export function judge(rows: readonly RowReport[], garbage: CountersReport["garbage"]): Goal[] {
  const find = (name: string) =>
    rows.find((row) => row.state === "measured" && row.name === name) as Figures | undefined;
  const { ratio } = find("read, raw stub") ?? {};
  const { js, c } = find("empty call") ?? {};
  const above = js && c ? js.median - c.median : undefined;
  return [
    {
      goal: `raw read at most ${MOST_RATIO.toFixed(2)}× C`,
      value: ratio ? `${ratio.median.toFixed(2)}×` : "not measured",
      met: ratio && ratio.median <= MOST_RATIO,
    },
    {
      goal: `stub alone at most ${MOST_CALL_NANOSECONDS} ns above an empty call in C`,
      value: above === undefined ? "not measured" : `${above.toFixed(1)} ns`,
      met: above === undefined ? undefined : above <= MOST_CALL_NANOSECONDS,
    },
    {
      goal: "no garbage per read",
      value: garbage ? describeGarbage(garbage.read) : "not measured",
      // The control proves that garbage would have been seen.
      met: garbage && garbage.control.collections > 0 ? isClean(garbage.read) : undefined,
    },
  ];
}

const BYTES_OF_A_CELL = 16;

/** Fewer bytes kept than the smallest cell for each hundredth read: the harness itself keeps some. */
function isClean({ reads, collections, kept }: Garbage): boolean {
  return collections === 0 && kept < (reads / 100) * BYTES_OF_A_CELL;
}

/** Garbage in words. */
export function describeGarbage({ reads, collections, kept }: Garbage): string {
  const count = new Intl.NumberFormat("en-US");
  return `${count.format(collections)} collections in ${count.format(reads)} reads, ${count.format(kept)} bytes kept`;
}

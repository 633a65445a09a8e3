/**
 * The periods that attempts are counted by: a day, its month, its year, and all time. Each has a name that sorts with those of
 * its own length, so that the attempts since any time are those of a few ranges of names.
 */

/** The period that has every attempt. */
export const ALL_TIME = "";

/** From one name on to before another. */
export interface Between {
  from: string;
  before: string;
}

/** Sorts behind all that a name may go on with. */
const LAST = "~";

/** A day, its month, its year, and all time: "d2026-11-24", "m2026-11", "y2026", "". */
export function periodsOf(time: string): [day: string, month: string, year: string, all: string] {
  return [
    `d${dayOf(time)}`,
    `m${time.slice(0, "2026-11".length)}`,
    `y${time.slice(0, "2026".length)}`,
    ALL_TIME,
  ];
}

/** The days of a month, the months of a year, or all years: of what a period is made. */
export function partsOf(period: string): Between {
  const kind = { d: "", m: "d", y: "m" }[period.slice(0, 1)] ?? "y";
  const name = kind + period.slice(1);
  return { from: name, before: name + LAST };
}

/**
 * What the attempts since a time are.
 *
 * @returns Periods that have them, and the times of those that must be counted: of a day that had begun.
 */
export function periodsSince(since: string): { periods: Between[]; counted: Between | undefined } {
  const day = dayOf(since);
  const [dayName, month, year] = periodsOf(since);
  const isWholeDay = ["", "T00:00:00.000Z"].includes(since.slice(day.length));
  return {
    periods: [
      { from: year + LAST, before: `y${LAST}` },
      { from: month + LAST, before: year.replace("y", "m") + LAST },
      { from: isWholeDay ? dayName : dayName + LAST, before: month.replace("m", "d") + LAST },
    ],
    counted: isWholeDay ? undefined : { from: since, before: day + LAST },
  };
}

/** The day that a time is in: "2026-11-24". */
export function dayOf(time: string): string {
  return time.slice(0, "2026-11-24".length);
}

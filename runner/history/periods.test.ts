import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { type Between, partsOf, periodsOf, periodsSince } from "./periods.ts";

const has = ({ from, before }: Between, name: string) => name >= from && name < before;

test("periodsSince() and what is counted have each day once, and no day before", () => {
  const day = (at: number) => new Date(Date.UTC(2024, 0, 1) + at * 86_400_000).toISOString();
  const days = Array.from({ length: 1200 }, (_, at) => day(at));
  for (const since of [day(0), day(30), day(31), day(400), day(730), day(1199)]) {
    for (const time of [since, `${since.slice(0, 10)}T12:34:56.789Z`, since.slice(0, 10)]) {
      const { periods, counted } = periodsSince(time);
      for (const one of days) {
        const times = periods.flatMap((period) => periodsOf(one).filter((name) => has(period, name))).length;
        const isCounted = counted !== undefined && has(counted, `${one.slice(0, 10)}T23:59:59.999Z`);
        assertEquals(
          times + Number(isCounted),
          Number(one.slice(0, 10) >= time.slice(0, 10)),
          `${time} ${one}`,
        );
      }
    }
  }
});

test("partsOf() has the days of a month, the months of a year, all years", () => {
  const [day, month, year, all] = periodsOf("2026-11-24T12:00:00.000Z");
  assertEquals(
    [has(partsOf(month), day), has(partsOf(year), month), has(partsOf(all), year)],
    [true, true, true],
  );
  const [otherDay, otherMonth] = periodsOf("2026-12-01T00:00:00.000Z");
  assertEquals([has(partsOf(month), otherDay), has(partsOf(year), otherMonth)], [false, true]);
});

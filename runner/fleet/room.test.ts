import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { fits } from "./room.ts";

const job = (more: Partial<Parameters<typeof fits>[0]> = {}) => ({
  weight: 1,
  alone: false,
  exclusive: [],
  ...more,
});

test("fits() gives each exclusive name to one job at a time, and the slots by weight", () => {
  const disk = job({ exclusive: ["disk"] });
  assertEquals(fits(disk, [disk], 4), false);
  assertEquals(fits(disk, [job({ exclusive: ["net"] })], 4), true);
  assertEquals(fits(job({ weight: 3 }), [job({ weight: 2 })], 4), false);
  assertEquals(fits(job({ weight: 2 }), [job({ weight: 2 })], 4), true);
  // What asks for more than there is gets all of it.
  assertEquals(fits(job({ weight: 9 }), [], 4), true);
  assertEquals(fits(job({ weight: 9 }), [job()], 4), false);
});

test("fits() lets nothing run beside what must be alone", () => {
  const alone = job({ alone: true });
  assertEquals(fits(alone, [], 4), true);
  assertEquals(fits(alone, [job()], 4), false);
  assertEquals(fits(job(), [alone], 4), false);
});

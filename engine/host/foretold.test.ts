import { test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { encodePerfAttr, PERF_COUNT_HW, PERF_COUNT_SW, PERF_TYPE } from "../../ffi/mod.ts";
import { Random, randomProfile } from "./_random.ts";
import { createHostModel } from "./mod.ts";

const SEEDS = 800;
const ROUNDS = 30;
const TASK = 1;
const EVENTS = [
  [PERF_TYPE.HARDWARE, PERF_COUNT_HW.INSTRUCTIONS],
  [PERF_TYPE.HARDWARE, PERF_COUNT_HW.CPU_CYCLES],
  [PERF_TYPE.HARDWARE, PERF_COUNT_HW.BRANCH_INSTRUCTIONS],
  [PERF_TYPE.SOFTWARE, PERF_COUNT_SW.TASK_CLOCK],
] as const;

/** A random host with events that sample, by period or by frequency. */
function sampling(random: Random) {
  const profile = randomProfile(random);
  const model = createHostModel({ ...profile, kernel: { ...profile.kernel, privileged: true } });
  model.switchIn(TASK);
  const perf = model.perfFor(TASK);
  for (let event = random.upTo(5); event >= 0; event--) {
    const [type, config] = random.pick(EVENTS);
    const freq = random.once(4);
    const sample_period = freq
      ? 1 + random.upTo(200)
      : 1 + random.upTo(random.pick([500, 50_000, 5_000_000]));
    using encoded = encodePerfAttr({ type, config, sample_period, flags: freq ? ["freq"] : [] });
    perf.open(encoded.u8, 0, -1, -1, 0);
  }
  return model;
}

test("no overflow comes before the branch that was foretold", () => {
  let overflows = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = new Random(seed);
    const model = sampling(random);
    for (let round = 0; round < ROUNDS; round++) {
      const next = model.nextInterrupt(TASK);
      if (next === undefined) {
        assertEquals(model.advance(TASK, { branches: 1_000_000 }), [], `seed ${seed}, nothing in sight`);
        break;
      }
      if (next > 1) {
        // In pieces, as an engine comes to system calls on its way.
        const first = random.upTo(next - 1);
        const early = [first, next - 1 - first].flatMap((branches) => model.advance(TASK, { branches }));
        assertEquals(early, [], `seed ${seed}, round ${round}: ${next} foretold`);
      }
      overflows += model.advance(TASK, { branches: Math.min(next, 1) }).length;
      if (random.once(4)) {
        overflows += model.switchOut(TASK).length;
        model.switchIn(TASK);
      }
    }
  }
  assert(overflows > SEEDS, `${overflows} overflows`);
});

/** cpuid and rdtsc without a trap: programs see the same, and replay notices each that differs. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { CallRecords } from "../../engine/trace/mod.ts";
import { rewriteTrace } from "../_forge.ts";
import { hostTest, proveSame, run, Scratch, TICKPROOF } from "../_tickproof.ts";
import { compiled, RECORD } from "./_programs.ts";

const INSTRUCTIONS = `halves: 1
lost: 0 0
lost: 0 0
lost: 0 0
many: 1
hidden: 0 0
wrong: 0
child: 7
`;

hostTest("cpuid and rdtsc say the same with and without a trap, and in a replay", ["gcc"], () => {
  using scratch = new Scratch();
  const command = [compiled(scratch, "instructions")];
  assertEquals(run(command).stdout.toString(), INSTRUCTIONS, "natively");
  const without = "instructions";
  for (const choice of [" ".repeat(without.length), without]) {
    const { record, replay } = proveSame(command, { environment: { TICKPROOF_NO: choice } });
    assertEquals([record.exit, record.stdout.toString()], [{ code: 3 }, INSTRUCTIONS]);
    // Three threads ask 1,200 times each.
    for (const { report } of [record, replay]) {
      const stops = report.cost?.stops ?? 0;
      if (choice === without) assert(stops > 3600, `only ${stops} stops`);
      else assert(stops < 2000, `${stops} stops`);
    }
  }
});

/** What is done to a record of cpuid, which has 5 registers, and what the replay says of it. */
const FORGED_INSTRUCTIONS: Readonly<
  Record<string, [change: (record: DataView) => void, code: number, said: RegExp]>
> = {
  "another subleaf": [
    (record) => record.setBigUint64(RECORD + 8, 99n, true),
    1,
    /registers mismatch at event \d+ \(cpuid\): rcx expected 0x63/,
  ],
  "another place": [
    (record) => record.setUint8(16, record.getUint8(16) ^ 1),
    1,
    /registers mismatch at event \d+ \(cpuid\): rip expected/,
  ],
  "other ticks": [
    (record) => record.setUint8(8, record.getUint8(8) ^ 1),
    1,
    /ticks mismatch at event \d+ \(cpuid\)/,
  ],
  "an rdtsc in its place": [
    (record) => record.setUint16(4, 0xfffe, true),
    2,
    /its calls are damaged: a record of rdtsc with 5 registers and 0 writes/,
  ],
};

hostTest("replay names the first cpuid that differs, and refuses what is none", ["gcc"], () => {
  using scratch = new Scratch();
  const [program, original] = [compiled(scratch, "instructions"), scratch.file("original")];
  assertEquals(run([...TICKPROOF, "record", "-q", "-o", original, "--", program]).exit, { code: 3 });
  for (const [what, [change, code, said]] of Object.entries(FORGED_INSTRUCTIONS)) {
    const forged = scratch.file(`forged: ${what}`);
    const { index } = rewriteTrace(original, forged, (event) => {
      if (event.kind !== "calls") return false;
      const records = new CallRecords(event.records);
      while (records.next()) {
        if (records.number !== 0xffff) continue;
        const { buffer, byteOffset } = event.records;
        change(new DataView(buffer, byteOffset + records.offset, RECORD + 8 * records.args.length));
        return true;
      }
      return false;
    });
    assert(index > 0, what);
    const { exit, stderr } = run([...TICKPROOF, "replay", "-q", forged]);
    assertEquals(exit, { code }, `${what}: ${stderr}`);
    assertMatch(stderr, said, what);
  }
});

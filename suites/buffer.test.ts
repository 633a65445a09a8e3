/** System calls that are done without a stop: programs do the same with and without, and replay notices each that differs. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { CallRecords, TraceReader } from "../engine/trace/mod.ts";
import { TABLE_BASE } from "../engine/translate/context.ts";
import { SYSCALLS } from "../ffi/mod.ts";
import { rewriteTrace } from "./_forge.ts";
import { hostTest, proveSame, run, Scratch, TICKPROOF } from "./_tickproof.ts";
import { compiled, RECORD } from "./buffer/_programs.ts";

/** Switches off; the other one switches off nothing, and is as long: so is the environment of the program. */
const WITHOUT = "buffer";
const WITH = " ".repeat(WITHOUT.length);

const SAID = `all: 16
 -14 -14 -14 -22 -14 -3 1
high half: 1
registers: 0 0 0
signals: 1 0
wrong: 0
child: 7
executed
child: 0
`;

hostTest("a program says the same with and without, and its replay too", ["gcc"], () => {
  using scratch = new Scratch();
  const command = [compiled(scratch)];
  assertEquals(run(command).stdout.toString(), SAID, "natively");
  for (const choice of [WITH, WITHOUT]) {
    const { record, replay } = proveSame(command, { environment: { TICKPROOF_NO: choice } });
    assertEquals([record.exit, record.stdout.toString()], [{ code: 3 }, SAID]);
    // Four threads make 12,000 calls, and the loop that waits for signals thousands.
    const stops = [record.report.cost?.stops ?? 0, replay.report.cost?.stops ?? 0];
    for (const count of stops) {
      if (choice === WITH) assert(count < 3000, `${count} stops`);
      else assert(count > 6000, `only ${count} stops`);
    }
  }
});

const FILES = `pieces: 258200
mapped: abcdef
numbers: 1 4 1 l -1
entries: 1
limited: 200 1
watched: 16
`;

hostTest(
  "files are read and written without a stop, and everybody sees what they saw with one",
  ["gcc"],
  () => {
    using scratch = new Scratch();
    const command = [compiled(scratch, "files")];
    const place = { cwd: scratch.path };
    assertEquals(run(command, place).stdout.toString(), FILES, "natively");
    for (const choice of [WITH, WITHOUT]) {
      const { record, replay } = proveSame(command, { ...place, environment: { TICKPROOF_NO: choice } });
      assertEquals([record.exit, record.stdout.toString()], [{ code: 0 }, FILES]);
      // Four thousand reads and writes.
      for (const { report } of [record, replay]) {
        const stops = report.cost?.stops ?? 0;
        if (choice === WITH) assert(stops < 2500, `${stops} stops`);
        else assert(stops > 4000, `only ${stops} stops`);
      }
    }
  },
);

hostTest("info says why each call has stopped, where that is so", ["true"], () => {
  using scratch = new Scratch();
  for (const choice of [WITH, WITHOUT]) {
    const trace = scratch.file(`trace-${choice.trim()}`);
    const environment = { TICKPROOF_NO: choice };
    const recorded = run([...TICKPROOF, "record", "-q", "-o", trace, "true"], { environment });
    assertEquals(recorded.exit, { code: 0 }, recorded.stderr);
    const why = choice === WITHOUT ? "switched off by TICKPROOF_NO" : undefined;
    const text = run([...TICKPROOF, "info", trace]).stdout.toString();
    const [, told] = /^stops +at each system call: (.*)$/m.exec(text) ?? [];
    assertEquals(told, why);
    assertEquals(JSON.parse(run([...TICKPROOF, "info", "--json", trace]).stdout.toString()).allStop, why);
  }
});

const FLOWS = `round trips: 0 0
sockets: 0 0
streams: 1 0 0
unwilling: 25 11 600 6
broken: 11 77 0
killed: 13
heard: 5
polls: 400 1000 0
woken: 0 0
threads: 800 0
network: 0
`;

hostTest("pipes, sockets, polls and futexes do the same with and without a stop", ["gcc"], () => {
  using scratch = new Scratch();
  const command = [compiled(scratch, "flows")];
  assertEquals(run(command).stdout.toString(), FLOWS, "natively");
  const without = "flows";
  for (const choice of [" ".repeat(without.length), without]) {
    const { record, replay } = proveSame(command, { environment: { TICKPROOF_NO: choice } });
    assertEquals([record.exit, record.stdout.toString()], [{ code: 3 }, FLOWS]);
    // Of 1,500 round trips and 200 wakes of sleepers, each has two stops less at both ends; so have 2,000 calls that need not wait.
    const stops = [record.report.cost?.stops ?? 0, replay.report.cost?.stops ?? 0] as const;
    const [most, least] = [
      [16_000, 8500],
      [21_000, 10_500],
    ];
    stops.forEach((count, i) => {
      if (choice === without) assert(count > least![i]!, `only ${count} stops`);
      else assert(count < most![i]!, `${count} stops`);
    });
  }
});

hostTest("what tasks write that wake each other goes out in the order of their events", ["gcc"], () => {
  using scratch = new Scratch();
  const { record, replay } = proveSame([compiled(scratch, "flows"), "output"]);
  assertEquals(record.stdout.length, 121);
  assertEquals(replay.stdout.toString(), record.stdout.toString());
});

const SIGNALS = `actions: 50500 20 0
inherited: 12
masks: 300 30000 300 0
threads: 20 0 0
executed: 1 1 1
`;

hostTest("actions and masks of signals are what was set last, with and without a stop", ["gcc"], () => {
  using scratch = new Scratch();
  const command = [compiled(scratch, "signals")];
  assertEquals(run(command).stdout.toString(), SIGNALS, "natively");
  const ticks = new Set<number>();
  for (const choice of ["      ", "once  ", "buffer"]) {
    const { record, replay } = proveSame(command, { environment: { TICKPROOF_NO: choice } });
    assertEquals([record.exit, record.stdout.toString()], [{ signal: 12 }, SIGNALS]);
    ticks.add(record.report.ticks ?? -1);
    // Some 5,000 actions that are set or asked for, and 1,500 changes of masks.
    const stops = [record.report.cost?.stops ?? 0, replay.report.cost?.stops ?? 0] as const;
    if (choice === "buffer")
      assert(stops[0] > 30_000 && stops[1] > 18_000, `only ${stops.join(" and ")} stops`);
    else
      assert(
        stops[0] < (choice.trim() === "" ? 17_300 : 19_000) && stops[1] < 14_000,
        `${stops.join(" and ")} stops`,
      );
  }
  assertEquals(ticks.size, 1, "the same ticks");
});

const PATHS = `opened: -1200 -2 -40 1 1 -1 -17 -20 1 -6
limit: 1 -24 -24
present: 10576 600 -40 1 -20 -20 2021 1 -2 1 1 1 14
closed: 867 ab
actions: 70508 25
asked: 113943700
renamed: -6560 -1024 644708
loop: -97786
thread: 1
faults: 14 14 14 14 14 22 34
folders: 25, random: 1
self: 1
`;

hostTest("paths, files that are looked for and signals are asked about as with a stop", ["gcc"], () => {
  using scratch = new Scratch();
  const command = [compiled(scratch, "paths")];
  const place = { cwd: scratch.path };
  assertEquals(run(command, place).stdout.toString(), PATHS, "natively");
  for (const choice of [WITH, WITHOUT]) {
    const { record, replay } = proveSame(command, { ...place, environment: { TICKPROOF_NO: choice } });
    assertEquals([record.exit, record.stdout.toString()], [{ code: 0 }, PATHS]);
    // Seven thousand questions.
    for (const { report } of [record, replay]) {
      const stops = report.cost?.stops ?? 0;
      if (choice === WITH) assert(stops < 2500, `${stops} stops`);
      else assert(stops > 5000, `only ${stops} stops`);
    }
  }
});

const MEMORY = `plain: 1448 600
failing: 160
text: 69021
files: 13252 5
heap: 90
`;

hostTest("calls on memory do the same whether or not their end is a stop", ["gcc"], () => {
  using scratch = new Scratch();
  const program = compiled(scratch, "memory");
  const place = { cwd: scratch.path };
  assertEquals(run([program], place).stdout.toString(), `${MEMORY}interrupted: 0 1\n`, "natively");
  const { record } = proveSame([program], place);
  assertEquals(record.stdout.toString(), `${MEMORY}interrupted: 0 1\n`);
  const ticks = new Set<number>();
  const stops = ["      ", "ahead ", "buffer"].map((choice) => {
    const { record } = proveSame([program, "still"], { ...place, environment: { TICKPROOF_NO: choice } });
    assertEquals([record.exit, record.stdout.toString()], [{ code: 0 }, MEMORY]);
    ticks.add(record.report.ticks);
    return record.report.cost?.stops ?? 0;
  });
  assertEquals(ticks.size, 1, `ticks: ${[...ticks].join(", ")}`);
  // Of 2,500 calls nearly all succeed.
  assert(stops[1]! - stops[0]! > 1500, `${stops[0]} stops, ${stops[1]} without`);
});

/** What each of the calls of a trace was, without what differs from run to run. */
function callsOf(trace: string): string[] {
  const reader = TraceReader.open(trace);
  const calls: string[] = [];
  for (const [, event] of reader.singles()) {
    if (event.kind !== "syscall") continue;
    const { number, ticks, registers, writes } = event;
    const lengths = writes.map(({ bytes }) => bytes.length);
    calls.push(`${number} at ${registers[16]} after ${ticks} ticks: ${lengths}`);
  }
  reader.close();
  return calls;
}

hostTest("a trace has the same calls, after as many ticks each", ["gcc"], () => {
  using scratch = new Scratch();
  const program = compiled(scratch);
  const [some = [], none = []] = [WITH, WITHOUT].map((choice) => {
    const trace = scratch.file(`trace-${choice.trim()}`);
    const { exit } = run([...TICKPROOF, "record", "-q", "-o", trace, "--", program, "0", "again"], {
      environment: { TICKPROOF_NO: choice },
    });
    assertEquals(exit, { code: 0 });
    const { stdout } = run([...TICKPROOF, "info", trace]);
    assertMatch(stdout.toString(), choice === WITH ? /\(5\d\d without a stop\)/ : /getuid 500, [^(]*\n/);
    return callsOf(trace);
  });
  assert(none.length > 500);
  assertEquals(some, none);
});

/** How many getuid the program makes one after the other. */
const MANY = 500;

/** What is done to the records of {@link MANY} calls, and what the replay says of the one at the index `at`. */
const FORGERIES: Readonly<
  Record<string, [change: (records: Uint8Array) => Uint8Array, said: (at: number) => string]>
> = {
  "another number": [
    (records) => records.with(100 * RECORD + 4, 39),
    (at) => `registers mismatch at event ${at} \\(getpid\\): rax expected 0x27, got 0x66`,
  ],
  "other ticks": [
    (records) => records.with(100 * RECORD + 8, records[100 * RECORD + 8]! ^ 1),
    (at) => `ticks mismatch at event ${at} \\(getuid\\): expected \\d+, got \\d+ `,
  ],
  "another place": [
    (records) => records.with(100 * RECORD + 16, records[100 * RECORD + 16]! ^ 1),
    (at) => `registers mismatch at event ${at} \\(getuid\\): rip expected`,
  ],
  "a call less": [
    (records) => Buffer.concat([records.subarray(0, 100 * RECORD), records.subarray(101 * RECORD)]),
    (at) => `ticks mismatch at event ${at} \\(getuid\\)`,
  ],
  "the last one less": [
    (records) => records.subarray(0, -RECORD),
    (at) => `mismatch at event ${at + 399} \\(newfstatat\\)`,
  ],
  "one more at the end": [
    (records) => Buffer.concat([records, records.subarray(-RECORD)]),
    (at) => `mismatch at event ${at + 400} \\(getuid\\)`,
  ],
};

hostTest("replay names the first call that differs, is missing, or is left over", ["gcc"], () => {
  using scratch = new Scratch();
  const [program, original] = [compiled(scratch), scratch.file("original")];
  const { exit } = run([...TICKPROOF, "record", "-q", "-o", original, "--", program, "0", "again"]);
  assertEquals(exit, { code: 0 });
  const { stdout } = run([...TICKPROOF, "dump", original]);
  const lines = stdout.toString().split("\n");
  const first = lines.findIndex((line) => line.includes(": getuid()"));
  assertEquals(lines.filter((line) => line.includes(": getuid()")).length, MANY);
  for (const [what, [change, said]] of Object.entries(FORGERIES)) {
    const forged = scratch.file(`forged: ${what}`);
    const { index } = rewriteTrace(original, forged, (event) => {
      if (event.kind !== "calls" || event.count < MANY) return false;
      const { records } = event;
      const each = new CallRecords(records);
      while (each.next() && each.number !== SYSCALLS.getuid);
      const [start, end] = [each.offset, each.offset + MANY * RECORD];
      const changed = change(records.subarray(start, end));
      event.records = Buffer.concat([records.subarray(0, start), changed, records.subarray(end)]);
      event.count += changed.length / RECORD - MANY;
      return true;
    });
    assert(index > 0, what);
    const replay = run([...TICKPROOF, "replay", "-q", forged]);
    assertEquals(replay.exit, { code: 1 }, what);
    assertMatch(replay.stderr, new RegExp(said(first + 100)), what);
  }
});

hostTest("calls that write where no program has memory are no recording's", ["gcc"], () => {
  using scratch = new Scratch();
  const [program, original, forged] = [compiled(scratch), scratch.file("original"), scratch.file("forged")];
  run([...TICKPROOF, "record", "-q", "-o", original, "--", program, "1"]);
  const { index } = rewriteTrace(original, forged, (event) => {
    if (event.kind !== "calls") return false;
    const records = new CallRecords(event.records);
    const view = new DataView(event.records.buffer, event.records.byteOffset, event.records.length);
    while (records.next()) {
      if (records.writeCount === 0) continue;
      // The address of the first write, behind the arguments.
      view.setBigUint64(records.offset + RECORD + 8 * records.args.length, BigInt(TABLE_BASE), true);
      return true;
    }
    return false;
  });
  assert(index > 0);
  const { exit, stderr } = run([...TICKPROOF, "replay", "-q", forged]);
  assertEquals(exit, { code: 2 });
  assertMatch(
    stderr,
    /made to do harm: it writes to 0x20000 to 0x20[0-9a-f]{3}, where the engine's own memory lies/,
  );
});

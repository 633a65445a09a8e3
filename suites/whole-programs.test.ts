/** Programs that nobody here wrote: recorded, replayed, with the same output as natively. */

import { writeFileSync } from "node:fs";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { mixedBytes, numberLines } from "./_data.ts";
import { hostTest, proveSame, run, Scratch } from "./_tickproof.ts";

/** Proves that record and replay agree with each other, and with the native run. */
function proveNative(command: readonly string[]): void {
  const native = run(command);
  const { record } = proveSame(command);
  assertEquals(record.exit, native.exit);
  assert(record.stdout.equals(native.stdout), "record prints what the program prints natively");
  assertEquals(record.stderr, native.stderr);
}

hostTest("/bin/true", ["/bin/true"], () => {
  const { record } = proveSame(["/bin/true"]);
  assertEquals(record.exit, { code: 0 });
  assertGreater(record.report.ticks, 0);
  assertGreater(record.report.events, 0);
});

hostTest("ls -la /usr/lib", ["ls"], () => proveNative(["ls", "-la", "/usr/lib"]));

hostTest("gzip -c of 20 MB", ["gzip"], () => {
  using scratch = new Scratch();
  writeFileSync(scratch.file("data"), mixedBytes(20_000_000));
  proveNative(["gzip", "-c", scratch.file("data")]);
});

hostTest("python3 sums a range", ["python3"], () => {
  const { record } = proveSame(["python3", "-c", "print(sum(range(10**6)))"]);
  assertEquals(record.stdout.toString(), "499999500000\n");
});

hostTest("bash runs date three times", ["bash", "date"], () => {
  const { record } = proveSame(["bash", "-c", "for i in 1 2 3; do date +%s.%N; done"]);
  assertEquals(record.stdout.toString().trim().split("\n").length, 3);
});

hostTest("sort of a large file with four threads", ["sort"], () => {
  using scratch = new Scratch();
  // With less input per thread sort does not start them.
  writeFileSync(scratch.file("lines"), numberLines(300_000));
  const { record } = proveSame(["sort", "-n", "--parallel=4", "--buffer-size=64M", scratch.file("lines")]);
  const native = run(["sort", "-n", scratch.file("lines")]);
  assert(record.stdout.equals(native.stdout), "the lines are sorted");
  assertGreater(record.report.switches, 0);
});

hostTest("sqlite3 in memory", ["sqlite3"], () => {
  const sql = [
    "create table t(n integer primary key, word text);",
    "with recursive c(n) as (select 1 union all select n + 1 from c where n < 20000)",
    "  insert into t select n, hex(n * 7919 % 10007) from c;",
    "create index w on t(word);",
    "select count(*), count(distinct word), max(word), sum(n) from t where word > 'A';",
  ].join("\n");
  proveNative(["sqlite3", ":memory:", sql]);
});

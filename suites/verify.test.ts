/** `tickproof verify` says of a good trace that it is good, and finds each kind of damage. */
import { afterAll, beforeAll, test } from "bun:test";
import { chmodSync, cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { TraceEvent } from "../engine/trace/mod.ts";
import { rewriteTrace } from "./_forge.ts";
import { run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";

const scratch = new Scratch();
const good = scratch.file("good");
const bad = scratch.file("bad");

beforeAll(() => {
  const command = [
    "sh",
    "-c",
    // What dd reads takes more than a chunk of the trace, however fast all of it is recorded.
    "i=0; while [ $i -lt 50 ]; do i=$((i + 1)); done; dd if=/dev/zero of=/dev/null bs=100000 count=40 2>&-; (echo $i); cat /etc/hostname",
  ];
  const { exit, stderr } = run([...TICKPROOF, "record", "-q", "--checksum=10", "-o", good, ...command]);
  assertEquals(exit, { code: 0 }, stderr);
}, TEST_TIMEOUT);

afterAll(() => scratch[Symbol.dispose]());

interface Said {
  verdict: string;
  message: string;
  events?: number;
  checksums?: number;
  summedFiles?: number;
}

function verify(trace: string): { code: number; said: Said } {
  const { exit, stdout, stderr } = run([...TICKPROOF, "verify", "--json", trace]);
  assert("code" in exit, stderr);
  assertEquals(stderr, "");
  return { code: exit.code, said: JSON.parse(stdout.toString()) as Said };
}

test(
  "a good trace is good: its files, its events, its memory and its replay",
  () => {
    const { code, said } = verify(good);
    assertEquals([code, said.verdict, said.message], [0, "good", ""]);
    assert((said.checksums ?? 0) > 5, "memory was compared");
    assert((said.summedFiles ?? 0) > 4, "files were compared");
    const { exit, stdout, stderr } = run([...TICKPROOF, "verify", good]);
    assertEquals([exit, stderr], [{ code: 0 }, ""]);
    // The program's own output is not among it.
    assertMatch(
      stdout.toString(),
      /^good: [\d,]+ events replayed, \d+ mapped files and \d+ checksums of memory .*\n$/,
    );
  },
  TEST_TIMEOUT,
);

/** Flips a bit in the middle of a file of the trace. */
function flip(name: string): void {
  const path = join(bad, name);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  chmodSync(path, 0o644);
  writeFileSync(path, bytes);
}

function found(
  what: string,
  verdict: [code: number, verdict: string],
  words: RegExp,
  damage: () => void,
): void {
  test(
    what,
    () => {
      rmSync(bad, { recursive: true, force: true });
      cpSync(good, bad, { recursive: true });
      damage();
      const { code, said } = verify(bad);
      assertMatch(said.message, words);
      assertEquals([code, said.verdict], verdict);
    },
    TEST_TIMEOUT,
  );
}

for (const name of ["meta.json", "files.jsonl", "events", "files/000", "files/002"]) {
  found(`a bit of ${name} that differs is damage`, [2, "damaged"], /checksum|damaged|JSON/, () => flip(name));
}
found(
  "a changed word of the description is damage",
  [2, "damaged"],
  /checksum of meta.json does not match/,
  () => {
    const path = join(bad, "meta.json");
    writeFileSync(path, readFileSync(path, "utf8").replace("hostname", "hostnane"));
  },
);
found("contents that are missing are damage", [2, "damaged"], /are missing/, () =>
  rmSync(join(bad, "files/001")),
);
found("checksums of other files are damage", [2, "damaged"], /which is no file of a trace/, () =>
  writeFileSync(join(bad, "sums.json"), '{"../../etc/passwd":"0"}'),
);
found("events that break off are an incomplete trace", [1, "incomplete"], /the recorder was killed/, () => {
  rmSync(join(bad, "sums.json"));
  truncateSync(join(bad, "events"), readFileSync(join(bad, "events")).length - 5);
});

/** Writes the trace again with an event changed, without checksums of files. */
function forge(change: (event: TraceEvent) => boolean): void {
  for (const folder of [bad, `${bad}-store`]) rmSync(folder, { recursive: true, force: true });
  assert(rewriteTrace(good, bad, change).index > 0, "an event was changed");
}

found(
  "events of a task that is not alive do not fit together",
  [2, "damaged"],
  /do not fit together: task 1 is not alive/,
  () =>
    forge((event) => {
      if (event.kind !== "syscall" || event.stream !== 1) return false;
      event.task = 1;
      return true;
    }),
);
found("ticks that go back do not fit together", [2, "damaged"], /has 0 ticks, and had \d+ before/, () =>
  forge((event) => {
    if (event.kind !== "syscall" || event.stream !== 1) return false;
    event.ticks = 0;
    return true;
  }),
);
found("a result that did not happen is a divergence", [1, "diverged"], /mismatch at event \d+/, () =>
  forge((event) => {
    if (event.kind !== "syscall" || event.number !== 257 || event.result < 3n) return false;
    event.result += 1n;
    return true;
  }),
);
found(
  "memory that differs is a divergence",
  [1, "diverged"],
  /the memory at 0x[0-9a-f]+ to .*is not what it was/,
  () =>
    forge((event) => {
      if (event.kind !== "checksum") return false;
      event.sums[0]!.sum ^= 1n;
      return true;
    }),
);

test(
  "what is no trace, and a wrong interval, are one error and exit code 2",
  () => {
    const none = run([...TICKPROOF, "verify", scratch.file("nothing")]);
    assertEquals(none.exit, { code: 2 });
    assertMatch(none.stderr, /^tickproof: .+\n$/);
    const wrong = run([...TICKPROOF, "record", "--checksum=0", "true"]);
    assertEquals(wrong.exit, { code: 2 });
    assertMatch(wrong.stderr, /--checksum takes a whole number from 1 on: current value is '0'/);
  },
  TEST_TIMEOUT,
);

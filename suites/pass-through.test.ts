/** What belongs to the program passes through record and replay unchanged: input, output, end, arguments. */
import { test } from "bun:test";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { hostTest, proveSame, run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";

hostTest("the exit code passes through", ["sh"], () => {
  for (const code of [0, 1, 2, 42, 255]) {
    assertEquals(proveSame(["sh", "-c", `exit ${code}`]).replay.exit, { code });
  }
});

hostTest("death by signal passes through", ["sh"], () => {
  for (const signal of [1, 6, 9, 11, 13, 15]) {
    assertEquals(proveSame(["sh", "-c", `kill -${signal} $$`]).replay.exit, { signal });
  }
});

hostTest("standard input reaches the program, and replay needs none", ["cat"], () => {
  const stdin = "first\nsecond without an end";
  assertEquals(proveSame(["cat"], { stdin }).replay.stdout.toString(), stdin);
});

hostTest("standard output and error stay apart", ["sh"], () => {
  const { replay } = proveSame(["sh", "-c", "echo out; echo err >&2; echo out again"]);
  assertEquals(replay.stdout.toString(), "out\nout again\n");
  assertEquals(replay.stderr, "err\n");
});

hostTest("the program's own flags, with and without --", ["echo"], () => {
  using scratch = new Scratch();
  const words = ["--quiet", "-o", "x", "--", "--help"];
  const environment = { TICKPROOF_TRACES: scratch.path };
  for (const dashes of [["--"], []]) {
    const { stdout } = run([...TICKPROOF, "record", "--quiet", ...dashes, "/bin/echo", ...words], {
      environment,
    });
    assertEquals(stdout.toString(), `${words.join(" ")}\n`);
  }
});

hostTest("without --quiet the tool's words go to standard error", ["echo"], () => {
  using scratch = new Scratch();
  const environment = { TICKPROOF_TRACES: scratch.path };
  const record = run([...TICKPROOF, "record", "/bin/echo", "hello"], { environment });
  assertEquals(record.stdout.toString(), "hello\n");
  assertMatch(record.stderr, /^tickproof: recorded [\d,]+ ticks, [\d,]+ events, 0 signals in .*echo-0\n$/);
  const replay = run([...TICKPROOF, "replay"], { environment });
  assertEquals(replay.stdout.toString(), "hello\n");
  assertMatch(replay.stderr, /^tickproof: replayed: [\d,]+ ticks, [\d,]+ events\n$/);
});

hostTest("replay touches nothing outside", ["sh", "cat", "rm"], () => {
  using scratch = new Scratch();
  const [trace, file] = [scratch.file("trace"), scratch.file("file")];
  const script = `echo text > ${file}; cat ${file}; rm ${file}`;
  const record = run([...TICKPROOF, "record", "-q", "-o", trace, "--", "sh", "-c", script]);
  assertEquals(record.stdout.toString(), "text\n");
  run(["sh", "-c", `echo other > ${file}`]);
  assertEquals(run([...TICKPROOF, "replay", "-q", trace]).stdout.toString(), "text\n");
  assertEquals(run(["cat", file]).stdout.toString(), "other\n");
});

hostTest("info and dump show what was recorded", ["echo"], () => {
  using scratch = new Scratch();
  const trace = scratch.file("trace");
  run([...TICKPROOF, "record", "-q", "-o", trace, "/bin/echo", "hello"]);
  const info = JSON.parse(run([...TICKPROOF, "info", "--json", trace]).stdout.toString());
  assertEquals(info.command, ["/bin/echo", "hello"]);
  assertEquals(info.exit, { code: 0 });
  assertStringIncludes(run([...TICKPROOF, "info", trace]).stdout.toString(), "/bin/echo");
  const lines = run([...TICKPROOF, "dump", "--json", trace])
    .stdout.toString()
    .trim()
    .split("\n");
  assertEquals(lines.length, info.events);
  assertEquals(JSON.parse(lines.at(-1) ?? "").kind, "end");
  assertStringIncludes(run([...TICKPROOF, "dump", trace]).stdout.toString(), "write");
});

test(
  "a program that is not there is one clear error, and leaves no trace",
  () => {
    using scratch = new Scratch();
    const { exit, stderr } = run([...TICKPROOF, "record", "no-such-program"], {
      environment: { TICKPROOF_TRACES: scratch.path },
    });
    assertEquals(exit, { code: 2 });
    assertMatch(stderr, /^tickproof: .*no-such-program.*\n$/);
    assertEquals(run(["ls", "-A", scratch.path]).stdout.toString(), "");
  },
  TEST_TIMEOUT,
);

/** Programs do the same, to the tick, with each of the engine's optimisations switched off. */
import { readdirSync, writeFileSync } from "node:fs";
import { assert, assertEquals } from "@std/assert";
import { OPTIMISATIONS } from "../engine/optimisations.ts";
import { hostTest, proveSame, run, Scratch, TICKPROOF } from "./_tickproof.ts";

const NAMES = Object.keys(OPTIMISATIONS);
/** What is switched off; blanks first, which switch off nothing. All have one length: so has the environment. */
const WIDTH = NAMES.join(",").length;
const CHOICES = ["", ...NAMES, NAMES.join(",")].map((names) => names.padEnd(WIDTH));

/** Calls through pointers and a library, a signal handler, and a child that executes another program. */
const SOURCE = `
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static volatile int signals;
static void caught(int signal) { signals += signal == SIGUSR1; }
static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
int main(void) {
  int numbers[500];
  for (int i = 0; i < 500; i++) numbers[i] = (i * 7919) % 1009;
  qsort(numbers, 500, sizeof *numbers, compare);
  signal(SIGUSR1, caught);
  for (int i = 0; i < 3; i++) raise(SIGUSR1);
  char text[64];
  snprintf(text, sizeof text, "%d %d %d\\n", numbers[0], numbers[499], signals);
  write(1, text, strlen(text));
  pid_t child = fork();
  if (child == 0) execlp("env", "env", "-i", "echo", "child", (char *)0);
  waitpid(child, 0, 0);
  return 3;
}`;

/** Records and replays the program. */
function outcome(scratch: Scratch, choice: string): object {
  const environment = { XDG_CACHE_HOME: scratch.file("cache"), TICKPROOF_NO: choice };
  const { exit, stdout, report } = proveSame([scratch.file("program")], { environment }).record;
  return { exit, stdout: stdout.toString(), ticks: report.ticks };
}

const [ALL = "", ...OTHERS] = CHOICES;

for (const choice of OTHERS) {
  hostTest(`output, end and ticks are the same without ${choice.trim()}`, ["gcc", "env"], () => {
    using scratch = new Scratch();
    const source = scratch.file("source.c");
    writeFileSync(source, SOURCE);
    const compiled = run(["gcc", "-w", "-O1", "-o", scratch.file("program"), source]);
    assertEquals(compiled.exit, { code: 0 }, compiled.stderr);
    const first = outcome(scratch, ALL);
    assertEquals(first, { ...first, exit: { code: 3 }, stdout: "0 1006 3\nchild\n" });
    assertEquals(outcome(scratch, choice), first);
  });
}

hostTest("recordings that run at once share what is kept, whoever writes it", ["gcc"], async () => {
  using scratch = new Scratch();
  const source = scratch.file("source.c");
  writeFileSync(source, SOURCE.replace("fork()", "-1"));
  const compiled = run(["gcc", "-w", "-O1", "-o", scratch.file("program"), source]);
  assertEquals(compiled.exit, { code: 0 }, compiled.stderr);
  const env = { ...process.env, XDG_CACHE_HOME: scratch.file("cache") };
  for (const round of [1, 2]) {
    const children = [1, 2, 3].map((n) => {
      const trace = scratch.file(`trace-${round}-${n}`);
      const command = [...TICKPROOF, "record", "-q", "-o", trace, "--", scratch.file("program")];
      return Bun.spawn(command, { env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    });
    for (const child of children) {
      assertEquals([await child.exited, await child.stderr.text()], [3, ""]);
      assertEquals(await child.stdout.text(), "0 1006 3\n");
    }
  }
  const names = readdirSync(scratch.file("cache/tickproof/translations"));
  assert(names.length > 0);
  assertEquals(
    names.filter((name) => !/^[0-9a-f]{16}$/.test(name)),
    [],
    "no unfinished file is left",
  );
});

hostTest("a cache folder that can't be written, or is none, is no reason to fail", ["true"], () => {
  using scratch = new Scratch();
  writeFileSync(scratch.file("cache"), "");
  const { exit, stderr } = run([...TICKPROOF, "record", "-q", "-o", scratch.file("trace"), "true"], {
    environment: { XDG_CACHE_HOME: scratch.file("cache") },
  });
  assertEquals([exit, stderr], [{ code: 0 }, ""]);
});

hostTest("a wrong name in TICKPROOF_NO is an error", [], () => {
  using scratch = new Scratch();
  const { exit, stderr } = run([...TICKPROOF, "record", "-o", scratch.file("trace"), "true"], {
    environment: { TICKPROOF_NO: "kpt" },
  });
  assertEquals(exit, { code: 2 });
  assertEquals(
    stderr,
    "tickproof: TICKPROOF_NO names 'kpt', which is no optimisation: did you mean 'kept'?\n",
  );
});

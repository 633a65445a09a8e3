/** Programs do the same, to the tick, with each of the engine's optimisations switched off. */
import { writeFileSync } from "node:fs";
import { assertEquals } from "@std/assert";
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
  for (int i = 0; i < 2; i++) {
    pid_t child = fork();
    if (child == 0) execlp("env", "env", "-i", "echo", "child", (char *)0);
    waitpid(child, 0, 0);
  }
  return 3;
}`;

hostTest(
  "output, end and ticks are the same whatever is switched off, the first and the second time",
  ["gcc", "env"],
  () => {
    using scratch = new Scratch();
    const source = scratch.file("source.c");
    writeFileSync(source, SOURCE);
    const program = scratch.file("program");
    const compiled = run(["gcc", "-w", "-O1", "-o", program, source]);
    assertEquals(compiled.exit, { code: 0 }, compiled.stderr);
    const outcome = (choice: string): object => {
      const environment = { XDG_CACHE_HOME: scratch.file("cache"), TICKPROOF_NO: choice };
      const { record } = proveSame([program], { environment });
      const { exit, stdout, report } = record;
      return { exit, stdout: stdout.toString(), ticks: report.ticks };
    };
    const [all = "", ...others] = CHOICES;
    const first = outcome(all);
    assertEquals(first, { ...first, exit: { code: 3 }, stdout: "0 1006 3\nchild\nchild\n" });
    assertEquals(outcome(all), first, "once more");
    for (const choice of others) assertEquals(outcome(choice), first, `TICKPROOF_NO=${choice}`);
  },
);

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

/** What a program inherits is what its shell would have given it, with a recorder in between or without. */
import { resolve } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { hostTest, run, Scratch, TICKPROOF } from "./_tickproof.ts";

/** Starts tickproof as users do, by way of the launcher, which knows more than Bun can tell afterwards. */
const LAUNCHED = [resolve(import.meta.dir, "../bin/tickproof")];

/** Changes what can be inherited, and goes on as its arguments. */
const CHANGED = `
  exec 3</dev/null 4</dev/zero 5>&1 9</dev/null 77</dev/zero
  trap '' PIPE USR1 XFSZ HUP
  ulimit -Sn 300; ulimit -Sc 0; umask 027
  exec nice -n 3 "$@"`;

/** Shows it. */
const SHOW = `
  for fd in 0 1 2 3 4 5 6 7 8 9 10 11 12 77; do [ -e /proc/$$/fd/$fd ] && echo descriptor $fd; done
  grep -E '^Sig(Ign|Blk)' /proc/self/status
  ulimit -Sn; ulimit -Hn; ulimit -Sc; umask; nice; pwd
  env | grep -v '^_=' | sort`;

function shown(script: string, before: readonly string[], environment?: Record<string, string>): string {
  const command = ["bash", "-c", script, "bash", ...before, "sh", "-c", SHOW];
  const { exit, stdout, stderr } = run(command, environment === undefined ? {} : { environment });
  assertEquals(exit, { code: 0 }, stderr);
  return stdout.toString();
}

hostTest(
  "descriptors, signals, limits, umask, priority and environment are inherited",
  ["bash", "nice", "grep"],
  () => {
    using scratch = new Scratch();
    const trace = scratch.file("trace");
    const record = [...LAUNCHED, "record", "-q", "-o", trace, "--"];
    const recorded = shown(CHANGED, record);
    assertEquals(recorded, shown(CHANGED, []));
    assertStringIncludes(recorded, "descriptor 77");
    assertEquals(run([...TICKPROOF, "replay", "-q", trace]).stdout.toString(), recorded);
  },
);

hostTest(
  "what the launcher sets for Bun is kept from the program, and what the user has set is not",
  ["bash"],
  () => {
    using scratch = new Scratch();
    const names = ["", "BUN_JSC_thresholdForFTLOptimizeAfterWarmUp", "TICKPROOF_TUNED"];
    for (const name of names) {
      const record = [...LAUNCHED, "record", "-q", "-o", scratch.file(`trace ${name}`), "--"];
      const environment = name === "" ? {} : { [name]: "7777" };
      const recorded = shown(`exec "$@"`, record, environment);
      if (name !== "TICKPROOF_TUNED") assertEquals(recorded, shown(`exec "$@"`, [], environment));
      assertEquals(recorded.includes("7777"), name.startsWith("BUN_"));
    }
  },
);

hostTest("without the launcher, descriptors that are open stay open all the same", ["bash"], () => {
  const script = `exec 3</dev/null 4</dev/zero 9</dev/null; exec "$@"`;
  const descriptors = (text: string): string[] =>
    text.split("\n").filter((line) => line.startsWith("descriptor"));
  using scratch = new Scratch();
  const recorded = shown(script, [...TICKPROOF, "record", "-q", "-o", scratch.file("trace"), "--"]);
  assertEquals(descriptors(recorded), descriptors(shown(script, [])));
});

hostTest("a standard stream that is closed stays closed", ["bash"], () => {
  using scratch = new Scratch();
  const script = `exec <&-; exec "$@"`;
  const recorded = shown(script, [...LAUNCHED, "record", "-q", "-o", scratch.file("trace"), "--"]);
  assertEquals(recorded, shown(script, []));
  assert(!recorded.includes("descriptor 0\n"));
});

hostTest("a process substitution is read", ["bash", "cat"], () => {
  using scratch = new Scratch();
  const words = [...LAUNCHED, "record", "-q", "-o", scratch.file("trace"), "--"].join(" ");
  const { stdout } = run(["bash", "-c", `${words} cat <(echo one) <(echo two)`]);
  assertEquals(stdout.toString(), "one\ntwo\n");
});

hostTest("arguments and variables that are no UTF-8 are what they were", ["sh", "od"], () => {
  using scratch = new Scratch();
  const trace = scratch.file("trace");
  const show = `printf "%s\\n" "$@" "$ODD" | od -An -tx1`;
  const odd = `ODD="$(printf 'a\\377\\303')"; export ODD; exec "$@" "$(printf 'x\\200y')" '' "$(printf '\\303\\244')"`;
  const command = ["sh", "-c", show, "sh"];
  const recorded = run(["sh", "-c", odd, "sh", ...LAUNCHED, "record", "-q", "-o", trace, "--", ...command]);
  assertEquals(recorded.stdout.toString(), " 78 80 79 0a 0a c3 a4 0a 61 ff c3 0a\n");
  assertEquals(run([...TICKPROOF, "replay", "-q", trace]).stdout.toString(), recorded.stdout.toString());
  const info = run([...TICKPROOF, "info", trace]);
  assertEquals(info.exit, { code: 0 }, info.stderr);
  assertStringIncludes(info.stdout.toString(), String.raw`"x\udc80y"`);
});

/**
 * Programs that sanitizers watch end as natively. At its end AddressSanitizer looks for lost memory: a process of its own stops
 * all threads, which it traces for that.
 */
import { test } from "bun:test";
import { join } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { proveSame, run, Scratch, TEST_TIMEOUT } from "../_tickproof.ts";

const SOURCE = join(import.meta.dir, "leaky.c");
/** Whatever the surroundings say, lost memory is looked for, and where it came from is told. */
const environment = { ASAN_OPTIONS: "detect_leaks=1", LSAN_OPTIONS: "" };

const build = (compiler: string, path: string) =>
  run([compiler, "-g", "-O1", "-fsanitize=address", "-pthread", SOURCE, "-o", path]).exit;

/** Why a compiler can't be tried here; undefined if it can. */
function missing(compiler: string): string | undefined {
  if (Bun.which(compiler) === null) return `this host has no ${compiler}`;
  using scratch = new Scratch();
  const { success } = Bun.spawnSync([
    compiler,
    "-fsanitize=address",
    SOURCE,
    "-pthread",
    "-o",
    scratch.file("leaky"),
  ]);
  return success ? undefined : `this host's ${compiler} has no AddressSanitizer`;
}

for (const compiler of ["gcc", "clang"]) {
  const reason = missing(compiler);
  test.skipIf(reason !== undefined)(
    `a program that ${compiler} builds with AddressSanitizer ends as natively, with lost memory and without${reason ? ` (skipped: ${reason})` : ""}`,
    () => {
      using scratch = new Scratch();
      const program = scratch.file("leaky");
      assertEquals(build(compiler, program), { code: 0 });
      const clean = proveSame([program], { environment });
      assertEquals([clean.record.exit, clean.record.stderr], [{ code: 0 }, ""]);
      const native = run([program, "lose"], { environment });
      const leaky = proveSame([program, "lose"], { environment });
      assertEquals(leaky.record.exit, native.exit);
      assert(!("code" in native.exit && native.exit.code === 0));
      assertStringIncludes(
        leaky.record.stderr,
        "SUMMARY: AddressSanitizer: 33 byte(s) leaked in 1 allocation(s).",
      );
      assertEquals(leaky.replay.stderr, leaky.record.stderr);
    },
    TEST_TIMEOUT,
  );
}

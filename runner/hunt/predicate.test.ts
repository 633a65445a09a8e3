import { test } from "bun:test";
import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import type { Exit } from "../outcome/mod.ts";
import { judge, type PredicateWords, parsePredicate } from "./predicate.ts";

const NOTHING: PredicateWords = {
  exit: undefined,
  signal: undefined,
  output: undefined,
  script: undefined,
  timeout: undefined,
};

/** What a run with this end and output counts as. */
async function kindOf(
  words: Partial<PredicateWords>,
  exit: Exit | undefined,
  {
    stdout = "",
    stderr = "",
    script = 0,
  }: { stdout?: string; stderr?: string; script?: number | undefined } = {},
): Promise<string> {
  const evidence = { exit, stdout, stderr };
  const judged = await judge(parsePredicate({ ...NOTHING, ...words }), evidence, async () => script);
  return judged.kind;
}

test("without a wish all but exit code 0 fails, and what takes too long", async () => {
  assertEquals(await kindOf({}, { code: 0 }), "passed");
  assertEquals(await kindOf({}, { code: 3 }), "failed");
  assertEquals(await kindOf({}, { signal: 11 }), "failed");
  assertEquals(await kindOf({}, undefined), "failed");
});

test("a wish decides alone, and one that holds is enough", async () => {
  assertEquals(await kindOf({ exit: "3,4" }, { code: 4 }), "failed");
  assertEquals(await kindOf({ exit: "3,4" }, { code: 1 }), "passed");
  assertEquals(await kindOf({ exit: "3" }, { signal: 11 }), "passed");
  assertEquals(await kindOf({ signal: "SEGV,SIGABRT" }, { signal: 11 }), "failed");
  assertEquals(await kindOf({ signal: "any" }, { signal: 9 }), "failed");
  assertEquals(await kindOf({ signal: "SIGABRT" }, { signal: 11 }), "passed");
  assertEquals(await kindOf({ exit: "3", signal: "SIGSEGV" }, { signal: 11 }), "failed");
  assertEquals(await kindOf({ output: "^lost \\d+$" }, { code: 0 }, { stderr: "so\nlost 3\n" }), "failed");
  assertEquals(await kindOf({ output: "lost" }, { code: 1 }, { stdout: "found\n" }), "passed");
});

test("a run that takes too long fails only where nothing else decides, or its time was given", async () => {
  assertEquals(await kindOf({ exit: "3" }, undefined), "undecided");
  assertEquals(await kindOf({ exit: "3", timeout: 5 }, undefined), "failed");
  assertEquals(await kindOf({ output: "lost" }, undefined, { stdout: "lost" }), "failed");
});

test("a script says pass by 0, nothing by 125, and failure by all else", async () => {
  assertEquals(await kindOf({ script: "true" }, { code: 1 }, { script: 0 }), "passed");
  assertEquals(await kindOf({ script: "true" }, { code: 0 }, { script: 1 }), "failed");
  assertEquals(await kindOf({ script: "true" }, { code: 0 }, { script: 125 }), "undecided");
});

test("what is no code, no signal or no pattern is refused", () => {
  for (const words of [{ exit: "256" }, { exit: "1,x" }, { signal: "SIGNONE" }, { output: "(" }]) {
    assertThrows(() => parsePredicate({ ...NOTHING, ...words }), UsageError);
  }
});

/**
 * Events of a described host are what a program really retires: counted by the engine, held against single steps of the
 * kernel and against valgrind, for a program with faults in the middle of its blocks and for what counts itself.
 */
import { afterAll, beforeAll, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { compile } from "../runner/programs/compile.ts";
import { findCompiler } from "../runner/programs/compiler.ts";
import type { StatSummary } from "../runner/stat/mod.ts";
import { stepThrough } from "./_single-steps.ts";
import { hostTest, proveSame, run, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";

const CACHE = mkdtempSync(join(tmpdir(), "tickproof-exact-"));
afterAll(() => rmSync(CACHE, { recursive: true }));

const BARE = ["-O1", "-nostdlib", "-static", "-no-pie", "-fno-stack-protector", "-fno-builtin"];
const built = { retired: "", own_counter: "", expectations: "" };

beforeAll(async () => {
  for (const [name, flags] of [
    ["retired", BARE],
    ["own_counter", []],
    ["expectations", ["-pthread"]],
  ] as const) {
    const source = resolve(import.meta.dir, "counted", `${name}.c`);
    const compiled = await compile(source, findCompiler(), { root: CACHE, flags });
    assert(compiled.ok, compiled.ok ? "" : compiled.message);
    built[name] = compiled.path;
  }
});

/** What `stat` counts of a command on a host, by event; nothing of it may be scaled. */
function counts(host: string, events: readonly string[], command: readonly string[]): Record<string, number> {
  const { exit, stderr } = run([
    ...TICKPROOF,
    ...["stat", "--json", "--host", host, "-e", events.map((event) => `${event}:u`).join(",")],
    "--",
    ...command,
  ]);
  assertEquals(exit, { code: 0 }, stderr);
  const summary: StatSummary = JSON.parse(stderr.slice(stderr.indexOf("{")));
  return Object.fromEntries(
    summary.events.map((event) => {
      assert(event.state === "counted" && event.share === 1 && event.certainty === "exact", stderr);
      return [event.name.slice(0, -2), event.mean];
    }),
  );
}

test(
  "instructions and branches are those that the kernel steps through, with and without faults",
  () => {
    for (const args of [[], ["with-faults"]]) {
      const command = [built.retired, ...args];
      const stepped = stepThrough(command);
      assert(stepped.instructions > 10_000 && stepped.syscalls > 8);
      const { instructions, conditional, taken, nearTaken, calls, returns, indirect, syscalls } = stepped;
      const expected = {
        instructions,
        "BR_INST_RETIRED.COND": conditional,
        "BR_INST_RETIRED.COND_TAKEN": taken,
        "BR_INST_RETIRED.COND_NTAKEN": conditional - taken,
        "BR_INST_RETIRED.NEAR_TAKEN": nearTaken,
        "BR_INST_RETIRED.NEAR_CALL": calls,
        "BR_INST_RETIRED.NEAR_RETURN": returns,
        "BR_INST_RETIRED.INDIRECT": indirect,
      };
      assertEquals(counts("ice-lake", Object.keys(expected), command), expected, args.join());
      // On another processor, by other names: every branch, system calls among them.
      const others = {
        ex_ret_instr: instructions,
        ex_ret_cond: conditional,
        ex_ret_brn: nearTaken + conditional - taken + syscalls,
        ex_ret_brn_tkn: nearTaken + syscalls,
        ex_ret_brn_far: syscalls,
      };
      assertEquals(counts("zen4", Object.keys(others), command), others, args.join());
    }
  },
  TEST_TIMEOUT,
);

/** What callgrind has counted of a command: instructions and conditional branches. */
function callgrind(command: readonly string[]): [instructions: number, conditional: number] {
  const file = join(CACHE, "callgrind.out");
  const { exit, stderr } = run([
    ...["valgrind", "--tool=callgrind", "--branch-sim=yes", `--callgrind-out-file=${file}`],
    ...command,
  ]);
  assertEquals(exit, { code: 0 }, stderr);
  const text = readFileSync(file, "utf8");
  const numbers = (line: RegExp) => line.exec(text)?.[1]?.split(" ") ?? [];
  const totals = numbers(/^summary: (.*)$/m).map(Number);
  const at = (event: string) => totals[numbers(/^events: (.*)$/m).indexOf(event)] ?? Number.NaN;
  return [at("Ir"), at("Bc")];
}

hostTest("instructions, branches, loads and stores are those that valgrind counts", ["valgrind"], () => {
  const once = [built.retired];
  const twice = [built.retired, "all", "twice"];
  const events = ["instructions", "BR_INST_RETIRED.COND"];
  const memory = ["MEM_INST_RETIRED.ALL_LOADS", "MEM_INST_RETIRED.ALL_STORES"];
  const [first, second] = [once, twice].map((command) => counts("ice-lake", [...events, ...memory], command));
  const [before, after] = [callgrind(once), callgrind(twice)];
  assert(first && second);
  const more = (event: string) => (second[event] ?? Number.NaN) - (first[event] ?? Number.NaN);
  // How much of the block that ends the program callgrind counts is its own affair: it is in both.
  assertEquals(more("instructions"), after[0] - before[0]);
  // To valgrind each of two locked instructions is a loop with a branch of its own, eight times.
  assertEquals(more("BR_INST_RETIRED.COND"), after[1] - before[1] - 2 * 8);
  const lackey = run(["valgrind", "--tool=lackey", "--trace-mem=yes", ...once]);
  const accesses = (kind: string) => [...lackey.stderr.matchAll(new RegExp(`^ ${kind} `, "gm"))].length;
  const modified = accesses("M");
  assert(modified > 0, lackey.stderr.slice(-300));
  assertEquals(first["MEM_INST_RETIRED.ALL_LOADS"], accesses("L") + modified);
  assertEquals(first["MEM_INST_RETIRED.ALL_STORES"], accesses("S") + modified);
});

test(
  "a program counts and samples its own instructions exactly, and replays",
  () => {
    const { record } = proveSame([built.own_counter], { record: ["--host", "haswell"] });
    assertStringIncludes(record.stdout.toString(), "800000 instructions in 200000 turns more");
  },
  TEST_TIMEOUT,
);

test(
  "what people who count expect of counters holds on described hosts",
  () => {
    for (const host of ["haswell", "zen4"]) {
      const { exit, stdout, stderr } = run([
        ...TICKPROOF,
        ...["record", "-q", "-o", join(CACHE, `expectations-${host}`), "--host", host, "--"],
        built.expectations,
      ]);
      assertEquals(exit, { code: 0 }, `${host}: ${stdout}${stderr}`);
      assertEquals(stdout.toString().trimEnd().split("\n").length, 10, `${host}: ${stdout}`);
    }
  },
  TEST_TIMEOUT,
);

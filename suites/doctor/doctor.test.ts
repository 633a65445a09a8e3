/**
 * The doctor's verdict on the embedded engine is true: under a filter of system calls, as containers have them, it
 * says that the engine can run where a program can be recorded and replayed, and only there.
 */
import { test } from "bun:test";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { SYSCALLS } from "../../ffi/mod.ts";
import { compile } from "../../runner/programs/compile.ts";
import { findCompiler } from "../../runner/programs/compiler.ts";
import { run, Scratch, TEST_TIMEOUT, TICKPROOF } from "../_tickproof.ts";

/** What a filter refuses, and the capabilities that are then found missing. */
const FILTERS = [
  [[], []],
  [[SYSCALLS.ptrace], ["ptrace"]],
  [[SYSCALLS.personality], ["personality"]],
  [[SYSCALLS.seccomp], ["seccomp"]],
  [[SYSCALLS.process_vm_readv, SYSCALLS.process_vm_writev], ["process-vm"]],
  [[SYSCALLS.memfd_create], ["memfd"]],
  // Files in memory take its place.
  [[SYSCALLS.shmat], []],
  [[SYSCALLS.kcmp], ["kcmp"]],
] as const;
const NAMES = FILTERS.flatMap(([, names]) => names);

interface Doctor {
  readonly capabilities: Readonly<Record<string, { readonly state: string }>>;
  readonly engines: readonly { readonly engine: string; readonly runs: boolean }[];
}

test(
  "doctor finds what a container refuses, and its verdict is what record and replay do",
  async () => {
    using programs = new Scratch();
    const source = join(import.meta.dir, "container.c");
    const container = await compile(source, findCompiler(), { root: programs.path });
    assert(container.ok);
    for (const [refused, missing] of FILTERS) {
      using scratch = new Scratch();
      const under = (words: readonly string[]) =>
        run([container.path, ...refused.map(String), "--", ...TICKPROOF, ...words]);
      const doctor = under(["doctor", "--json"]);
      const { capabilities, engines } = JSON.parse(doctor.stdout.toString()) as Doctor;
      assertEquals(doctor.exit, { code: engines.some(({ runs }) => runs) ? 0 : 1 });
      const lacking = NAMES.filter((name) => capabilities[name]?.state === "no");
      // What needs a traced child is missing with ptrace.
      assertEquals(
        lacking.filter((name) => name !== "process-vm" || missing[0] !== "ptrace"),
        [...missing],
      );

      const trace = scratch.file("trace");
      const recorded = under(["record", "--quiet", "-o", trace, "/bin/sh", "-c", "echo out; echo err >&2"]);
      const replayed = under(["replay", "--quiet", trace]);
      const works = [recorded, replayed].every(
        ({ exit, stdout, stderr }) =>
          "code" in exit && exit.code === 0 && stdout.toString() === "out\n" && stderr === "err\n",
      );
      const verdict = engines.find(({ engine }) => engine === "embedded");
      assertEquals(verdict?.runs, works, missing.join());
    }
  },
  TEST_TIMEOUT,
);

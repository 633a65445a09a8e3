/** Programs that do what is hard to record: signals, threads, processes, memory and output, in all their ways. */
import { afterAll, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { compile } from "../runner/programs/compile.ts";
import { findCompiler } from "../runner/programs/compiler.ts";
import { proveSame, run, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";

/** A program of suites/programs. */
interface Program {
  name: string;
  shows: string;
  /** Its output differs from run to run. */
  varies?: boolean;
}

const PROGRAMS: readonly Program[] = [
  { name: "signal_order", shows: "nested handlers, and signals that are pending together" },
  { name: "signals_at_once", shows: "a signal for one task in the middle of another one's turn" },
  { name: "broken_off_calls", shows: "calls that a signal breaks off, and what is left of their time" },
  { name: "signal_frames", shows: "the frame of every kind of signal says what it says natively" },
  { name: "changed_frames", shows: "handlers that change their frames in every way" },
  { name: "instructions", shows: "what only the processor or the kernel knows, and what faults" },
  { name: "astray", shows: "branches to nowhere, and text that ends within an instruction" },
  { name: "vsyscall", shows: "the page of old system calls" },
  { name: "single_steps", shows: "a program that steps through itself by the trap flag" },
  { name: "sigtrap", shows: "SIGTRAP is the program's own" },
  { name: "alternate_stack", shows: "overflows, and frames that can't be written" },
  { name: "taken_signals", shows: "signals that are taken instead of handled", varies: true },
  { name: "parting_threads", shows: "leaders that go first, and processes that are killed" },
  { name: "thread_exec", shows: "execve of any thread" },
  { name: "locked_in", shows: "processes without their user, their root or a free descriptor" },
  { name: "nameless_programs", shows: "programs whose files have no name any more" },
  { name: "sleeps_while_text_changes", shows: "a system call that outlives its code cache" },
  { name: "fast_timers", shows: "the program gets on under timers that are faster than the recorder" },
  { name: "robust_mutex", shows: "what the kernel writes at a death" },
  { name: "dying_in_execve", shows: "programs that die before their first instruction, or at it" },
  { name: "sudden_ends", shows: "deaths that no stop announces" },
  {
    name: "restartable_sequences",
    shows: "sequences (rseq) that are aborted where their task is interrupted",
  },
  { name: "dispatched_calls", shows: "system calls that a program dispatches to itself" },
  { name: "making_tasks", shows: "processes and threads by clone3" },
  { name: "untraced_clone", shows: "children that ask not to be traced" },
  { name: "traced_child", shows: "a child that is stepped" },
  { name: "stopped_world", shows: "threads that stand still for a leak checker" },
  { name: "tracing", shows: "a debugger of its own: memory, registers, calls, steps, signals" },
  { name: "tracing_events", shows: "a tracer that follows births, programs and ends" },
  { name: "tracing_stops", shows: "stops of whole processes under a tracer, and deaths of tracers" },
  { name: "tracing_places", shows: "debug registers of a tracee" },
  { name: "tracing_births", shows: "registers of a tracee that makes a child" },
  { name: "tracing_filters", shows: "filters that have a tracer asked" },
  { name: "job_control", shows: "stops by terminals, by the kernel, and of several threads" },
  { name: "stopped_children", shows: "children that are stopped and go on" },
  { name: "greedy_tasks", shows: "nobody starves", varies: true },
  { name: "shared_files", shows: "files that are mapped more than once" },
  { name: "changing_files", shows: "files that change while they are mapped, by every call" },
  { name: "many_calls", shows: "as many system calls as one program can make", varies: true },
  { name: "sealed_memory", shows: "mappings that can't be changed any more" },
  { name: "stack_limits", shows: "stacks that grow, and limits that the program changes" },
  { name: "everywhere", shows: "memory at all addresses: the engine goes out of the way" },
  { name: "changing_code", shows: "code that changes by every route" },
  {
    name: "half_done_calls",
    shows: "calls on memory that fail half-way, and mappings that the kernel joins",
  },
  { name: "mapped_sockets", shows: "memory that is no file's" },
  { name: "shared_segments", shows: "shared memory of System V" },
  { name: "large_reads", shows: "a call that fills more memory than an event holds" },
  { name: "outside_writes", shows: "memory that others change" },
  { name: "address_space", shows: "memory that moves, and no trace of the engine in it" },
  {
    name: "counters",
    shows: "counters of the kernel, their signals, and what is refused of them",
    varies: true,
  },
  { name: "kernel_maps", shows: "maps and programs within the kernel" },
  { name: "filtered_calls", shows: "filters of system calls that a program sets for itself" },
  { name: "asked_calls", shows: "calls that a supervisor is asked about" },
  { name: "unknown_requests", shows: "a call that fails is recorded, whatever it asked for" },
  { name: "rare_calls", shows: "calls that few programs make, with effects that must be there again" },
  { name: "pid_namespaces", shows: "namespaces of process ids, and their ends" },
  { name: "asynchronous_io", shows: "requests to the kernel that end some time" },
  { name: "redirected_output", shows: "output that goes elsewhere", varies: true },
];

const CACHE = mkdtempSync(join(tmpdir(), "tickproof-programs-"));
afterAll(() => rmSync(CACHE, { recursive: true }));

for (const { name, shows, varies } of PROGRAMS) {
  test(
    `${name}: ${shows}`,
    async () => {
      const source = resolve(import.meta.dir, "programs", `${name}.c`);
      const compiled = await compile(source, findCompiler(), { root: CACHE });
      assert(compiled.ok, compiled.ok ? "" : compiled.message);
      const { record } = proveSame([compiled.path]);
      assertStringIncludes(record.stdout.toString(), "EXIT-SUCCESS");
      if (varies) return;
      const native = run([compiled.path]);
      assertEquals(record.exit, native.exit);
      assertEquals(record.stdout.toString(), native.stdout.toString());
    },
    TEST_TIMEOUT,
  );
}

test(
  "registers that a tracer sets at a birth end the recording by name",
  async () => {
    const source = resolve(import.meta.dir, "programs/tracing_births.c");
    const compiled = await compile(source, findCompiler(), { root: CACHE });
    assert(compiled.ok, compiled.ok ? "" : compiled.message);
    const trace = join(CACHE, "births-trace");
    const recorded = run([...TICKPROOF, "record", "-q", "-o", trace, compiled.path, "others"]);
    assertEquals(recorded.exit, { code: 2 });
    assertStringIncludes(recorded.stderr.toString(), "where it stopped by PTRACE_EVENT_FORK");
  },
  TEST_TIMEOUT,
);

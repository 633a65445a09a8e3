/**
 * Types of scripts: `import { test } from "tickproof"`. Made from the sources by `npm run types`.
 */
/// <reference lib="es2022" />
/// <reference lib="esnext.disposable" />
/// <reference path="./modules.d.ts" />
/** The processor's own answers to instructions that the engine emulates for a tracee. */
/** What cpuid leaves in eax, ebx, ecx and edx, as unsigned 32-bit numbers. */
type CpuidResult = readonly [eax: number, ebx: number, ecx: number, edx: number];
/** A host that can be asked, this one or a described one. */
interface HostFacts {
  /** Zeros where the architecture has no such instruction. */
  cpuid(leaf: number, subleaf?: number): CpuidResult;
  /** Contents of a file of `/proc` or `/sys`; undefined where there is none or it can't be read. */
  readFile(path: string): string | undefined;
  /** Names in a directory of such files; undefined likewise. */
  readDirectory(path: string): readonly string[] | undefined;
}
/** Nanoseconds for which an event was to count, and did. */
interface CounterTimes {
  /** While it was enabled (and its task, if it has one, was on a processor). */
  readonly enabled: bigint;
  /** While it was on a counter. Less than `enabled`: others had the counter for the rest. */
  readonly running: bigint;
}
/** A value. It may be 0. */
interface Counted extends CounterTimes {
  readonly state: "counted";
  /** Events of the time that the event was running: nothing is scaled. */
  readonly value: bigint;
  /** `value × enabled ÷ running`: equal to `value` if the event ran all the time, else an estimate. */
  readonly estimate: bigint;
  /** running ÷ enabled, up to 1. Below 1 `estimate` is scaled, and whoever shows it must show this too. */
  readonly share: number;
}
/** The event is open, but nothing was counted: 0 would be a lie. */
interface NotCounted extends CounterTimes {
  readonly state: "not-counted";
  readonly reason: string;
}
/** This host can't count the event. */
interface NotSupported {
  readonly state: "not-supported";
  readonly reason: string;
}
/** What an open event says. */
type OpenReading = Counted | NotCounted;
/** What an event says, whether it could be opened or not. */
type Reading = OpenReading | NotSupported;
/**
 * What answers perf system calls: this kernel, or the model of a described host. Counters and probes are
 * written against this interface, so that one and the same probe runs over both.
 *
 * It is the system calls and nothing else: results are −errno, as the kernel gives them, and become errors with
 * a remedy in the layer above.
 */
/** Memory that perf_event_open's mmap gives: the metadata page, and 2^n pages of ring buffer behind it. */
interface PerfMapping extends Disposable {
  /** struct perf_event_mmap_page and the ring buffer (linux/perf_event.h). */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  /** Where it is mapped in this process, for machine code that reads it; 0 where it is only a model. */
  readonly address: number;
}
/**
 * One step of a straight run: see {@link PerfSystem.run}. What a measurement must not contain (the branches of an
 * interpreter, above all) can't come in between.
 */
type PerfStep = /** `ioctl(fd, request, argument)`; of PERIOD the argument is the period itself, not its address. */{
  readonly do: "ioctl";
  readonly fd: number;
  readonly request: number;
  readonly argument: number | bigint;
} /** `read(fd)`; its words go to `into`. */ | {
  readonly do: "read";
  readonly fd: number;
  readonly into: BigUint64Array;
} /** Exactly so many retired conditional branches in user mode, in a loop (some 2 instructions each). */ | {
  readonly do: "branches";
  readonly count: number;
} /** So many lock-prefixed additions to memory, without a conditional branch of their own. */ | {
  readonly do: "locked-adds";
  readonly count: number;
} /** An RTM transaction with so many conditional branches in it, which is aborted behind them. */ | {
  readonly do: "aborted-transaction";
  readonly branches: number;
} /** The task leaves the processor for a moment and comes back: `nanosleep`. */ | {
  readonly do: "reschedule";
};
/** The perf system calls of one host, for one task: the caller. */
interface PerfSystem {
  /**
   * perf_event_open(2).
   *
   * @param attr struct perf_event_attr, as long as its `size` says or as the caller has it.
   * @param pid Task; 0 is the caller.
   * @param cpu Processor, or −1.
   * @param group Descriptor of the group's leader, or −1.
   * @param flags PERF_FLAG.
   * @returns A descriptor, or −errno.
   */
  open(attr: Uint8Array, pid: number, cpu: number, group: number, flags: number): number;
  /** @returns 0 or −errno. */
  close(fd: number): number;
  /** ioctl(2); of PERIOD the argument is the period itself. @returns 0 or more, or −errno. */
  ioctl(fd: number, request: number, argument: number | bigint): number;
  /** The event's identifier (PERF_EVENT_IOC_ID). @returns It, or −errno. */
  id(fd: number): number;
  /** read(2) into the caller's words. @returns Bytes, or −errno. */
  read(fd: number, into: BigUint64Array): number;
  /** mmap(2) of the metadata page and `pages` (0 or a power of two) of ring buffer. @returns −errno if refused. */
  map(fd: number, pages: number): PerfMapping | number;
  /** poll(2) for POLLIN, POLLHUP and POLLERR. @returns revents (0 when the time is over), or −errno. */
  poll(fd: number, milliseconds: number): number;
  /**
   * Performs steps one right after the other, in machine code on a live host.
   *
   * @returns The result of each step: of an ioctl or a read as those return it, else 0 or −errno (ENOSYS: this
   *   processor can't do it).
   */
  run(steps: readonly PerfStep[]): number[];
}
/** What a recording asks of the kernel beside perf, and what can be tried without harm. */
type Attempt$1 = "ptrace" | "ptrace-sysemu" | "personality" | "seccomp" | "proc-mem" | "process-vm" | "memfd" | "shared-memory" | "kcmp" | "low-memory";
/** How an attempt went. */
type Attempted = {
  readonly works: true;
} /** The system call that refused, and its error: "EPERM". */ | {
  readonly works: false;
  readonly call: string;
  readonly code: string;
};
/** How a program of the host ran. */
interface Execution {
  /** Exit code; undefined where it was ended by a signal, or took too long. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}
/** A machine that can be asked: this one, or a described one. Probes see nothing else. */
interface Host extends HostFacts {
  /** "live", or the profile's name. */
  readonly name: string;
  readonly kind: "live" | "described";
  readonly perf: PerfSystem;
  /** Lines of the kernel's log, oldest first; undefined where they can't be read. */
  kernelLog(): readonly string[] | undefined;
  /** Processors that this process may use, one bit each; undefined where that isn't told. */
  allowedProcessors(): bigint | undefined;
  /** Tries something for real; undefined where that can't be tried, as on a described host. */
  attempt(what: Attempt$1): Attempted | undefined;
  /** Where a program of the host is; null if it has none, undefined where that isn't told. */
  findProgram(name: string): string | null | undefined;
  /** Runs a program of the host in an empty folder that is removed behind it; undefined where that can't be. */
  execute(command: readonly string[]): Execution | undefined;
  /** The compiler for programs in C, or why there is none; undefined where that isn't told. */
  compiler(): {
    readonly identity: string;
  } | {
    readonly missing: string;
  } | undefined;
  /** Where traces go, and how many bytes fit there; undefined where that isn't told. */
  traceSpace(): {
    readonly folder: string;
    readonly bytes: number;
  } | undefined;
}
/** Engines that can record and replay. */
type EngineName = "embedded" | "rr";
/** Numbers that were measured, by name; units stand in the names. */
type Numbers = Readonly<Record<string, number>>;
/** What a probe has found. */
interface Finding {
  /** `yes`: the host has the capability (or the bug) that the probe is named after; `unknown`: it can't be told. */
  readonly state: "yes" | "no" | "unknown";
  /** One line, with the numbers that were measured: "312 of 500 branches counted". */
  readonly evidence: string;
  /** The numbers of it, by name, where there are any: { counted: 312, expected: 500 }. */
  readonly numbers?: Numbers;
  /** What to do about it, where that depends on what was found; else what the probe says. */
  readonly remedy?: string;
}
/** One condition of a host, and what depends on it. */
interface Probe {
  /** Capability name that manifests use: "pmu", "kvm-in-txcp-bug". */
  readonly name: string;
  readonly title: string;
  /**
   * Whether it is good to have, a bug or a limit, or neither: a fact.
   * What an engine is gated by is `no` of something good, or `yes` of something harmful.
   */
  readonly kind: "good" | "harmful" | "fact";
  /** What is measured, and from which value on it is found. */
  readonly measures: string;
  readonly threshold: string;
  /** Where the knowledge comes from: a URL, or a kernel or vendor document. */
  readonly source: string;
  /** What depends on it: engines that can't run without it (or with the bug), others that run with a limit; tests. */
  readonly gates: {
    readonly engines: readonly EngineName[];
    readonly limits?: readonly EngineName[];
    readonly tests: readonly string[]; /** Capabilities with any of which all that is no matter: rr does without a PMU where it can count in software. */
    readonly unless?: string | readonly string[];
  };
  /** What the user can do about it. */
  readonly remedy: string;
  /**
   * Probes that must have been found `yes` or `no` before it is run. Where one is not so, a capability is `no`, and
   * what is harmful is `unknown`.
   */
  readonly needs?: Readonly<Record<string, "yes" | "no">>;
  /** Further probes whose findings {@link run} looks at. */
  readonly uses?: readonly string[];
  /**
   * Finds out.
   *
   * @param host The host to ask.
   * @param found Findings of what it `needs` and `uses`.
   */
  run(host: Host, found: Capabilities): Finding;
}
/** All findings of a host by capability name. */
type Capabilities = ReadonlyMap<string, Finding>;
/** What a probe of a user's own can ask. */
interface ProbeTools extends HostFacts {
  /** "live", or the name of a described host: programs can't be run on that. */
  readonly host: string;
  /** Lines of the kernel's log; undefined where they can't be read. */
  kernelLog(): readonly string[] | undefined;
  /** Runs a program of the host in an empty folder; undefined where that can't be. */
  execute(command: readonly string[]): Execution | undefined;
  /** What another probe has found; it must be among the probe's `needs` or `uses`. */
  finding(capability: string): Finding;
  /**
   * Counts an event over so many conditional branches, run without anything between.
   *
   * @param event Its name, as `tickproof stat -e` takes it: "retired-conditional-branches:u".
   * @returns The count, or why there is none.
   */
  count(event: string, branches: number): number | string;
}
/** A probe of a user's own, as its file exports it. */
interface UserProbe {
  /** Name of the capability: small letters, digits and hyphens. */
  readonly name: string;
  /** What `yes` means, in a line. */
  readonly title: string;
  /** Whether `no` is bad news, `yes` is, or neither. @default "fact" */
  readonly kind?: Probe["kind"];
  /** What to do about bad news. @default "" */
  readonly remedy?: string;
  /** Where the knowledge comes from. @default the file */
  readonly source?: string;
  /** Capabilities that must be so before it is run. @default none */
  readonly needs?: Readonly<Record<string, "yes" | "no">>;
  /** Further ones whose findings it looks at. @default none */
  readonly uses?: readonly string[];
  /** Finds out. @returns The state, with the evidence in one line. */
  run(tools: ProbeTools): Finding;
}
/** What comes of a test. Verdicts are a union: no result can be read as another. */
/** The three runs of an attempt; a script makes its own. */
type Phase = "native" | "record" | "replay" | "script";
/** Why a test is skipped, marked, or expected to fail. */
interface Note {
  /** What was seen of the host, with the evidence, and the manifest's reason. */
  readonly text: string;
  readonly url?: string;
  /** Capabilities that it is about. */
  readonly capabilities: readonly string[];
  /** Those of them that the host lacks. */
  readonly missing: readonly string[];
}
/** What came of a test, or of one attempt at it. */
type Verdict = /** All as it must be; with flags, it shows less than it seems to. */{
  kind: "pass";
  flags?: readonly Note[];
} /** The program, its recording or its replay is not as it must be. */ | {
  kind: "fail";
  reasons: readonly string[];
} /** It was not run, and that is nobody's fault. */ | {
  kind: "skip";
  reason: string;
  missing: readonly string[];
  url?: string;
} /** It was expected to fail for a known reason, and did. */ | {
  kind: "xfail";
  reason: string;
  url?: string;
  found: readonly string[];
} /** It was expected to fail and passed: the manifest is out of date, and the run fails. */ | {
  kind: "xpass";
  reason: string;
  url?: string;
  remedy?: string;
} | {
  kind: "timeout";
  phase: Phase;
  seconds: number;
} /** A limit of the engine: what the program does can't be recorded, so that nothing is shown of it. */ | {
  kind: "unsupported";
  reason: string;
} /** The host or the harness is at fault, not what is tested. */ | {
  kind: "broken";
  reason: string;
} /** Of a test, not of an attempt: it passed when it was tried again. */ | {
  kind: "flaky";
  attempts: number;
  reasons: readonly string[];
};
/** Numbers that the engine counted while it recorded. */
interface Counts {
  ticks: number;
  events: number;
  signals: number;
  switches: number;
}
/** The lines around one difference, as a unified diff has them. */
interface Hunk {
  /** Numbers of its first lines, from 1, on both sides. */
  expectedStart: number;
  foundStart: number;
  /** Each with what it is: " " on both sides, "-" expected only, "+" found only. */
  lines: readonly string[];
}
/** How a found text differs from the expected one. */
interface OutputDifference {
  stream: "stdout" | "stderr";
  phase: Phase;
  /** What the expected one is of: "the manifest", "the snapshot x", "the recording". */
  against: string;
  hunks: readonly Hunk[];
  /** Lines that differ and are not shown. */
  more: number;
}
/**
 * General registers of a tracee as the program sees them, in the order of {@link REGISTER_NAMES}.
 * `rip` is always an app pc (an address in the program's own text), never a place in the code cache.
 */
type Registers = BigUint64Array;
/** Bytes that the kernel wrote into a task's memory. */
interface MemoryWrite {
  /** Address of the first byte. */
  address: number;
  bytes: Uint8Array;
}
/**
 * Where an asynchronous event (a signal, a switch) was taken:
 * - `tick`: right before the conditional branch that would be tick `ticks + 1`,
 * - `jump`: right before the back-jump that would be number `jumps + 1` (a loop without conditional branches),
 * - `syscall`: at a system call, before it,
 * - `interrupted`: inside a system call that the signal broke off,
 * - `fault`: at the instruction that caused the signal itself,
 * - `return`: where the task's last event has left it (behind a system call, at the start of a handler).
 * - `place`: where registers and ticks are these, between two instructions, at the first such place behind the last event.
 *
 * A switch alone may be taken at `step`, too: some instructions behind the place of a `tick`.
 */
declare const POINTS: readonly ["tick", "jump", "syscall", "interrupted", "fault", "return", "step", "place"];
type SwitchPoint = (typeof POINTS)[number];
type Point = Exclude<SwitchPoint, "step">;
/** How a task comes to a `step`. */
interface Steps {
  /** Ticks at the `tick` that it goes on from. */
  from: number;
  /** Instructions from there, 1 to {@link MOST_STEPS}. */
  count: number;
}
/** What every event says of the task that it happened to. */
interface EventBase {
  /** Thread id of the task, as the program saw it while it was recorded. */
  task: number;
  /** Retired conditional branches of the task up to here. */
  ticks: number;
  /** Registers at the event, before its effect; the pc in them is the app pc of the instruction concerned. */
  registers: Registers;
}
/** One mapping of a fresh or changed address space, and where replay takes its contents from. */
interface MappingRecord {
  start: number;
  end: number;
  /** PROT_* bits that the program asked for; PROT_GROWSDOWN for a stack. */
  protection: number;
  shared: boolean;
  /** Index in the trace's file list, or -1 for anonymous memory. */
  file: number;
  /**
   * Offset of `start` in that file, in bytes. Of a stack, which grows where it is touched, `start` is the lowest address
   * that it may grow to, and this is how far above that it begins so far.
   */
  offset: number;
  /** What /proc/PID/maps calls it ("[stack]", "[heap]", a path, or ""). */
  name: string;
}
/** A program was started in the task: the whole address space is new. */
interface ExecEvent extends EventBase {
  kind: "exec";
  path: string;
  /** First address of the heap that brk moves. */
  brk: number;
  mappings: MappingRecord[];
  /** Contents that differ from the mapped files (stack, zeroed tails of .data). */
  writes: MemoryWrite[];
}
/** A system call ended (or was answered by the engine). */
interface SyscallEvent extends EventBase {
  kind: "syscall";
  /** x86-64 system call number. */
  number: number;
  /** What the program gets: the result or -errno. */
  result: bigint;
  writes: MemoryWrite[];
  /** 1 or 2 where it wrote to the standard output or error that the recorder was given; else 0. */
  stream: 0 | 1 | 2;
  /** Hash (Bun.hash.wyhash) of the bytes it wrote to that stream; 0n where `stream` is 0. */
  outputHash: bigint;
  /**
   * The new mapping of a successful mmap or shmat, or the stack after a call that has changed its limit; else undefined.
   * A stack (named "[stack]") is all that it may grow to.
   */
  mapping?: MappingRecord;
  /** It was not done at all (a filter of the program's has kept it from the kernel): its result is all that came of it. */
  withheld?: true;
}
/** A signal reached the program (or killed it). */
interface SignalEvent extends EventBase {
  kind: "signal";
  point: Point;
  /** Back-jumps of the task up to here; used with point "jump". */
  jumps: number;
  signal: number;
  /** The siginfo_t as the kernel gave it, 128 bytes. */
  siginfo: Uint8Array;
  /** `handler`: its handler starts; `ignored`: nothing happens; `fatal`: the process ends. */
  disposition: "handler" | "ignored" | "fatal";
  /** The signal frame that the kernel built (handler only). */
  writes: MemoryWrite[];
  /** Registers at the handler's first instruction (handler only; otherwise as `registers`). */
  after: Registers;
}
/**
 * A tracer of the program's own has stopped the task here, and it goes on with other registers than it had: those that the
 * tracer has set, or with a trap flag for a single step. Or it was in a restartable sequence (rseq) where it was interrupted, and goes on
 * at the place that this names.
 */
interface RegistersEvent extends EventBase {
  kind: "registers";
  point: Point;
  /** Back-jumps of the task up to here; used with point "jump". */
  jumps: number;
  /** What it goes on with; the pc too. */
  after: Registers;
  /** Its floating-point and vector registers as an XSAVE area, where the tracer has set them; else empty. */
  vectors: Uint8Array;
}
/** The task was preempted here and another one goes on. */
interface SwitchEvent extends EventBase {
  kind: "switch";
  point: SwitchPoint;
  jumps: number;
  /** With point "step" only. */
  steps?: Steps;
}
/** An instruction whose result does not follow from the program's state. */
interface InstructionEvent extends EventBase {
  kind: "instruction";
  /** "rdtsc", "cpuid", … */
  name: string;
  /** Registers after it; the pc too, which branches change. */
  after: Registers;
  /** Memory that it has written. */
  writes: MemoryWrite[];
}
/** The task made a new one (clone, fork, vfork); the call's own `syscall` event follows, for vfork much later. */
interface CloneEvent extends EventBase {
  kind: "clone";
  /** Thread id of the new task. */
  child: number;
  /** Its process: the thread group id; equal to `child` unless CLONE_THREAD was given. */
  childProcess: number;
  /** CLONE_* flags; fork is 0, vfork CLONE_VM | CLONE_VFORK. */
  flags: number;
  /** Registers of the new task at its first instruction. */
  after: Registers;
  /** Kernel writes into the new task's memory (CLONE_CHILD_SETTID). */
  writes: MemoryWrite[];
}
/** A task is gone. */
interface ExitEvent extends EventBase {
  kind: "exit";
  /** Wait status as wait4 gives it. */
  status: number;
  /** Kernel writes at its death (clear_child_tid). */
  writes: MemoryWrite[];
}
/**
 * Memory of the task's process was changed by somebody else than the task: by another process, or by the kernel in
 * the middle of a system call that still sleeps. The task stands where its last event has left it.
 */
interface MemoryEvent extends EventBase {
  kind: "memory";
  writes: MemoryWrite[];
}
/**
 * A file that is mapped has changed, but not by stores of the program: by a system call, or from outside of the
 * recording. All its mappings show that, in all processes, where a private page is not the process's own yet.
 * The task stands where its last event has left it.
 */
interface FileEvent extends EventBase {
  kind: "file";
  /** Index in the trace's file list, which says that the file changes. */
  file: number;
  /** Its length from now on: first of all it is cut to that, then extended, then written to. */
  size: number;
  /** What it holds now; the addresses are offsets in the file. */
  writes: MemoryWrite[];
}
/** Something that the user should know of the recording; it has no effect. */
interface NoteEvent extends EventBase {
  kind: "note";
  /** One line. */
  text: string;
}
/** Sum of the memory in [start, end). */
interface MemorySum {
  start: number;
  end: number;
  sum: bigint;
}
/** What the memory of the task's process was like: the task stands where its last event has left it. */
interface ChecksumEvent extends EventBase {
  kind: "checksum";
  sums: MemorySum[];
}
/**
 * System calls, `cpuid` and `rdtsc` that the task has done one after the other, without a stop and without anybody else's running: since its
 * last event, or the last of these. They come before whatever the task did next. `ticks` are those of the last of them;
 * the registers say nothing.
 */
interface CallsEvent extends EventBase {
  kind: "calls";
  /** How many they are. */
  count: number;
  /** One behind the other; `call-records.ts` reads them. */
  records: Uint8Array;
}
/** The recording is complete, or was stopped in an orderly way. Always the last event. */
interface EndEvent extends EventBase {
  kind: "end";
  /** `exited`: the first process ended; `interrupted`: the recorder was told to stop; `unsupported`: it gave up. */
  reason: "exited" | "interrupted" | "unsupported";
  /** Wait status of the first process; 0 if it did not end by itself. */
  status: number;
  /** One line for the user; "" if there is nothing to say. */
  message: string;
}
type TraceEvent = ExecEvent | SyscallEvent | SignalEvent | RegistersEvent | SwitchEvent | InstructionEvent | CloneEvent | ExitEvent | MemoryEvent | FileEvent | NoteEvent | ChecksumEvent | CallsEvent | EndEvent;
/** What happened, one by one: the calls of a `calls` event are events of their own. */
type SingleEvent = Exclude<TraceEvent, CallsEvent>;
/** One instruction. */
interface CodeLine {
  /** "0x7ffff7ed9e65" */
  address: string;
  /** Its bytes in hexadecimal, two digits each. */
  bytes: string;
  /** Intel syntax. */
  text: string;
}
/** The instructions before a pc, at it and behind it. */
interface CodeListing {
  pc: string;
  /** The file that is mapped there, and where in it the pc is. */
  path: string;
  offset: string;
  lines: readonly CodeLine[];
}
/** How a program ended. */
type Exit = {
  code: number;
} | {
  signal: number;
};
/** How far a task had come, and with which registers. */
interface Progress {
  ticks: number;
  /** By name, as hexadecimal texts ("0x7ffff7ed9e65"), which JSON can hold. */
  registers: Record<string, string>;
}
/** What a recording and a replay say of the same event. */
interface Difference {
  task: number;
  /** The system call, the signal, or the event's kind. */
  name: string;
  expected: Progress;
  found: Progress;
}
/** A line and those around it. */
interface SourceExcerpt {
  /** Path as debug information has it. */
  file: string;
  /** The line that is meant, from 1. */
  line: number;
  lines: readonly {
    number: number;
    text: string;
  }[];
}
/** What is known of a place. */
interface SymbolPlace {
  /** The file's name, without folders. */
  module: string;
  offset: number;
  symbol?: string;
  /** Source file and line, from 1. */
  file?: string;
  line?: number;
}
/** Where a replay has left its recording. */
interface DivergencePlace {
  readonly difference: Difference;
  /** The program's text there; undefined where no file is mapped at the pc. */
  readonly code?: CodeListing;
  /** The function and the source's line at the recorded pc. */
  readonly place?: SymbolPlace;
  /** The events before the one that could not be followed, a line each, in their order. */
  readonly lastEvents?: readonly string[];
}
/** Where a thread stood when its time was up. */
interface ThreadPlace {
  readonly task: number;
  readonly process: number;
  /** `blocked` in the kernel, or `ready` to run. */
  readonly state: "blocked" | "ready";
  /** "0x7ffff7ed9e65" */
  readonly pc: string;
  /** The system call that it was in. */
  readonly syscall?: string;
  readonly place?: SymbolPlace;
  /** The nearest caller of the program's own whose line is known, else the nearest of all. */
  readonly caller?: SymbolPlace;
  /** The function of a system library that this one has called. */
  readonly via?: SymbolPlace;
}
/** A program that a signal has ended. */
interface Crash {
  /** "SIGSEGV" */
  readonly signal: string;
  readonly task: number;
  readonly process: number;
  /** What a fault was about: the address that could not be read, the instruction. */
  readonly address?: string;
  /** The innermost first; a place is missing where no file is mapped at the pc. */
  readonly frames: readonly {
    readonly pc: string;
    readonly place?: SymbolPlace;
  }[];
  /** Frames beyond those. */
  readonly moreFrames: number;
  /** The lines around the innermost place of the program's own whose source is there. */
  readonly source?: SourceExcerpt;
  /** The events before the signal and the signal itself, a line each, in their order; none where it was not recorded. */
  readonly lastEvents: readonly string[];
  /** No recording shows it: the program has crashed so when it ran by itself once more. */
  readonly native?: true;
}
/** What comes of a test of a script, step by step, and where it stands. */
/** A place in a script. */
interface Location {
  file: string;
  /** From 1. */
  line: number;
}
/** How a test or a step ended. */
type StepVerdict = {
  kind: "pass";
} | {
  kind: "fail";
  reasons: readonly string[];
} | {
  kind: "skip";
  reason: string;
};
/** A test or a step with the steps in it, in the order in which they began. */
interface StepResult {
  name: string;
  verdict: StepVerdict;
  milliseconds: number;
  steps: readonly StepResult[];
}
/** One time that a test was run natively (the first few times only), recorded and replayed. */
interface Attempt {
  /** From 1. */
  number: number;
  /** It is tried again because it failed: how many times that was so before. */
  retry?: number;
  engine: EngineName;
  verdict: Verdict;
  /** Missing where recording did not get that far; what an engine does not tell is missing in it. */
  counts?: Partial<Counts>;
  /** How long each phase took, in milliseconds, as far as they were reached. */
  milliseconds: Partial<Record<Phase, number>>;
  /** What came of the steps of a script's test. */
  steps?: readonly StepResult[];
  /** What counters counted of the native run, by event, where the test expects something of them. */
  counters?: Readonly<Record<string, number>>;
  /** How outputs differ from the expected ones, line by line. */
  differences?: readonly OutputDifference[];
  /** The end of what a script's test has printed, or a program that has ended otherwise than it must. */
  output?: string;
  /** Processes that the program has left behind, and that were ended. */
  leaks?: readonly {
    phase: Phase;
    commands: readonly string[];
  }[];
  /** Phases that took longer than what is slow. */
  slow?: readonly Phase[];
  /** What else there is to say of how it went, a sentence each. */
  notes?: readonly string[];
  /** What a signal has left of the recorded program. */
  crash?: Crash;
  /** Where the replay has left the recording, if it did. */
  divergence?: DivergencePlace;
  /** Where each thread was when the time was up. */
  threads?: readonly ThreadPlace[];
  /** Lines of the kernel's log about counters that came meanwhile; of a described host those of its kernels. */
  kernelLog?: readonly string[];
  /** The folder with its outputs, where it was kept. */
  folder?: string;
  /** The trace in there, if there is one. */
  trace?: string;
  /** What replays it, where that is another program than tickproof. */
  replay?: readonly string[];
}
/** Which engine a test is run by, as people say it. */
/** What `--engine` and a manifest's `engine` take. */
declare const ENGINE_CHOICES: readonly ["embedded", "rr", "auto"];
type EngineChoice = (typeof ENGINE_CHOICES)[number];
/** Bounds of a count, both inclusive. */
interface SuiteRange {
  min?: number | undefined;
  max?: number | undefined;
}
/** What an output must be like. */
interface SuiteText {
  /** The whole output. */
  equals?: string | undefined;
  /** Texts in it. */
  contains?: string[] | undefined;
  /** Regular expressions that match in it. */
  matches?: string[] | undefined;
  /** It is as in a file in `__snapshots__` beside the manifest. */
  snapshot?: boolean | undefined;
  /** The recorded program prints what it prints natively. */
  native?: boolean | undefined;
}
/** What a test's runs must be like. */
interface SuiteExpectations {
  exit?: number | undefined;
  /** The signal that ends the program. */
  signal?: string | undefined;
  stdout?: SuiteText | undefined;
  stderr?: SuiteText | undefined;
  /** Retired conditional branches; `baseline` is a percentage. */
  ticks?: (SuiteRange & {
    baseline?: string | undefined;
  }) | undefined;
  events?: SuiteRange | undefined;
  signals?: SuiteRange | undefined;
  switches?: SuiteRange | undefined;
  /** How many times as long as the native run the recording takes. */
  overhead?: {
    max: number;
  } | undefined;
  /** Events of the native run, by name. */
  counters?: Record<string, SuiteRange> | undefined;
}
/** A condition, complete. */
interface SuiteCondition {
  when: string[];
  engine: EngineName[];
  reason?: string | undefined;
  url?: string | undefined;
}
/** A program that sets up or tears down. */
interface SuiteHook {
  command: string;
  args: string[];
  environment: Record<string, string>;
  timeout?: number | undefined;
}
/** One test, with the manifest's defaults filled in and its matrix expanded. */
interface SuiteTest {
  name: string;
  program?: string | undefined;
  build?: {
    sources: string[];
    flags?: string[] | undefined;
    libraries?: string[] | undefined;
    language?: "c" | "c++" | "asm" | undefined;
  } | undefined;
  command?: string | undefined;
  args: string[];
  stdin?: string | undefined;
  /** Contents, or the file that it is a copy of, by path in the working folder. */
  files?: Record<string, string | {
    copy: string;
  }> | undefined;
  environment: Record<string, string>;
  signals?: {
    send: string;
    at: {
      ms?: number | undefined;
      output?: string | undefined;
      ticks?: number | undefined;
    };
  }[] | undefined;
  setup?: SuiteHook[] | undefined;
  teardown?: SuiteHook[] | undefined;
  timeout?: number | undefined;
  alone: boolean;
  weight: number;
  exclusive: string[];
  repeat?: number | undefined;
  retry?: number | undefined;
  tags: string[];
  skip?: string | undefined;
  engine?: EngineChoice | undefined;
  host?: string | undefined;
  requires: SuiteCondition[];
  unsupported: SuiteCondition[];
  flag: SuiteCondition[];
  xfail: SuiteCondition[];
  expect: SuiteExpectations;
}
/** A checked manifest. */
interface Suite {
  /** Name of the suite. */
  suite: string;
  description?: string | undefined;
  /** Seconds, for tests that name no timeout of their own. */
  timeout: number;
  engine: EngineChoice;
  tags: string[];
  setup?: SuiteHook[] | undefined;
  teardown?: SuiteHook[] | undefined;
  tests: SuiteTest[];
  /** Absolute path of the manifest's folder. */
  folder: string;
}
/** A setting that is not what it was. */
interface SettingChange {
  readonly name: string;
  /** Undefined where it was not there, or could not be read. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}
/** When a signal is sent. */
type When = /** Milliseconds after the program's start. */{
  ms: number;
} /** Right before the conditional branch behind so many of the program's first task: an exact place. */ | {
  ticks: number;
} /** As soon as the program's standard output has something that this matches. */ | {
  output: RegExp;
};
/** Signals by name, as Linux has them. */
type SignalName = "SIGHUP" | "SIGINT" | "SIGQUIT" | "SIGILL" | "SIGTRAP" | "SIGABRT" | "SIGIOT" | "SIGBUS" | "SIGFPE" | "SIGKILL" | "SIGUSR1" | "SIGSEGV" | "SIGUSR2" | "SIGPIPE" | "SIGALRM" | "SIGTERM" | "SIGSTKFLT" | "SIGCHLD" | "SIGCONT" | "SIGSTOP" | "SIGTSTP" | "SIGTTIN" | "SIGTTOU" | "SIGURG" | "SIGXCPU" | "SIGXFSZ" | "SIGVTALRM" | "SIGPROF" | "SIGWINCH" | "SIGIO" | "SIGPOLL" | "SIGPWR" | "SIGSYS";
/** A signal to send. */
interface Send {
  send: SignalName;
  at: When;
}
/** What is wrong with a script as a whole: a test that has 'only', hooks around all tests that went wrong. */
interface ScriptProblem {
  path: string;
  reason: string;
}
/** The type of the signal that a test gets, also in projects that have no types for it. */
/**
 * `AbortSignal`, where the project has types for it: those of a browser, Node or Bun. A project without them still
 * gets what it can ask without.
 */
type Signal = typeof globalThis extends {
  AbortSignal: {
    prototype: infer Known;
  };
} ? Known : {
  readonly aborted: boolean;
  readonly reason: unknown;
};
/** A host as a test sees it: what it can do, with the evidence. */
declare class ScriptHost {
  #private;
  /** "live", or the name of a described host. */
  get name(): string;
  /**
   * What the probe of a capability has found.
   *
   * @param capability A name that `tickproof doctor` lists: "pmu", "kvm-in-txcp-bug".
   * @throws {RangeError} If there is no such capability.
   */
  finding(capability: string): Finding;
  /** Whether a capability (or a bug) is there for certain. */
  has(capability: string): boolean;
}
/** How a source is built. */
interface ProgramOptions {
  /** Flags of the compiler, behind tickproof's own; libraries (`-lm`) too. @default none */
  flags?: readonly string[];
}
/** A program that can be run. */
interface Program {
  path: string;
}
/** Which moment: an event that is still to come, a tick of the first thread, the last signal of that name. */
type MomentPlace = "start" | "end" | "failure" | {
  readonly event: number;
} | {
  readonly tick: number;
} | {
  readonly signal: SignalName;
};
/** A frame of a stack. */
interface StackFrame {
  /** "0x55555555518c" */
  readonly pc: string;
  readonly function?: string;
  /** Source file and line, from 1, where debug information has them. */
  readonly file?: string;
  readonly line?: number;
}
/** One write to what a script watches. */
interface WatchedWrite {
  /** How many events are behind it. */
  readonly event: number;
  readonly task: number;
  readonly ticks: number;
  /** The bytes in front of it and behind it. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** The task that writes; a system call's result is written where that is made. */
  readonly frames: readonly StackFrame[];
}
/** A moment of a recording, in its first process. Each question replays to it. */
declare class Moment {
  #private;
  /** Registers of the thread that the moment is about, by their names: `rip`, `rax`, `fs_base`. */
  registers(): Promise<Readonly<Record<string, bigint>>>;
  /**
   * Memory of the process.
   *
   * @returns Fewer bytes where unmapped memory begins before so many.
   */
  memory(address: number | bigint, length: number): Promise<Uint8Array>;
  /** The stack of the thread that the moment is about, the innermost frame first. */
  backtrace(): Promise<StackFrame[]>;
  /**
   * The value of an expression in the innermost frame, as gdb shows it: "-1", "{length = 3}".
   *
   * @throws {UsageError} If there is no gdb, or the expression has no value there: the message says why.
   */
  evaluate(expression: string): Promise<string>;
  /** What lies at an address: "drain+12"; undefined where no symbol is known. */
  symbol(address: number | bigint): Promise<string | undefined>;
}
/**
 * What a program under test may do. The engine answers EACCES to what it may not; what it was started with (standard
 * streams) stays usable.
 *
 * @example { net: false, write: "folder" }
 */
interface Permissions {
  /** Whether it may open sockets that leave this machine, or ask the kernel of its network. @default true */
  net?: boolean;
  /** Whether it may change files: all that its user may, those below its working folder, or none. @default true */
  write?: boolean | "folder";
}
/** How a program is run under record. */
interface RecordOptions extends ProgramOptions {
  /** Added to the environment of the script. @default none */
  env?: Readonly<Record<string, string>>;
  /** What it reads from its standard input. @default nothing */
  stdin?: string | Uint8Array;
  /** Working directory, relative to the script. @default the script's folder */
  cwd?: string;
  /** Signals to send to it. @default none */
  signals?: readonly Send[];
  /** Described host that it runs on, by name or path of a profile relative to the script. @default the test's */
  host?: string;
  /** What it may do; what the test denies stays denied. @default all that the test allows */
  permissions?: Permissions;
}
/** What a program left, recorded or replayed. */
interface Run {
  /** How the program ended; undefined if it did not get there. */
  readonly exit: Exit | undefined;
  /** Retired conditional branches of all its tasks. */
  readonly ticks: number;
  /** Signals that reached the program, and preemptions of one thread for another. */
  readonly signals: number;
  readonly switches: number;
  readonly stdout: string;
  readonly stderr: string;
}
/** A replay that did not do what its recording did. */
interface Divergence {
  /** Index of the event. */
  readonly event: number;
  /** "ticks mismatch at event 12 (write): expected 4180530, got 4240512 …" */
  readonly message: string;
  /** How they differ there; undefined where the task did not get to the event at all. */
  readonly difference: Difference | undefined;
  /** Ticks and registers that the recording has there; undefined as `difference` is. */
  readonly expected: Difference["expected"] | undefined;
  /** Those that the replay came with. */
  readonly found: Difference["found"] | undefined;
}
/** A replay. */
interface Replay extends Run {
  /** Undefined if it did what the recording did, to its end. */
  readonly divergence: Divergence | undefined;
}
/** A program's run with its trace, which is replayed as often as you like. `await using` deletes it at the end. */
declare class Recording implements Run, AsyncDisposable {
  #private;
  readonly exit: Exit | undefined;
  readonly ticks: number;
  readonly signals: number;
  readonly switches: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Folder of the trace. */
  readonly trace: string;
  private constructor();
  /** The events of the trace, in order. */
  events(): Generator<SingleEvent, void, undefined>;
  /** Replays the trace; as often as you like. */
  replay(): Promise<Replay>;
  /**
   * A moment of the recording, of which registers, memory, stack and variables can be asked.
   *
   * @example const value = await recording.at({ signal: "SIGABRT" }).evaluate("queue->length");
   * @throws {RangeError} For an event or a tick that is no whole number.
   */
  at(place: MomentPlace): Moment;
  /**
   * The writes to a variable up to a moment, in their order: who, where, and what it was before and behind. Of more than 1,000
   * the last ones.
   *
   * @param expression What gdb finds an address and a size for: "q.length". @param until @default "end"
   * @throws {UsageError} If gdb finds none, or the processor can't watch so much.
   */
  watch(expression: string, until?: MomentPlace): Promise<WatchedWrite[]>;
  /**
   * Gives the trace and the outputs up. They are deleted once it is known that the test has passed; of a test that makes
   * very many, the oldest are deleted before.
   */
  [Symbol.asyncDispose](): Promise<void>;
}
/** A step as one record. */
interface StepRecord {
  name: string;
  fn: (t: TestContext) => void | Promise<void>;
  /** Not run; a text says why. @default false */
  ignore?: boolean | string;
}
/** What a test or a step gets: steps, skipping, and the doors to programs, counters and the host. */
declare class TestContext {
  #private;
  readonly name: string;
  readonly signal: Signal;
  readonly parent?: TestContext | undefined;
  /**
   * What the test's host (this one, or the described one that the test names) can do, with the evidence.
   *
   * @example if (!t.host.has("pmu")) t.skip(t.host.finding("pmu").evidence);
   */
  get host(): ScriptHost;
  /** The names from the test down to here. */
  get path(): readonly string[];
  /** Path of the script. */
  get origin(): string;
  /** Steps that have ended so far. */
  get steps(): readonly StepResult[];
  /** The step that runs now; undefined if none does. */
  get pendingStep(): string | undefined;
  /**
   * Runs a part of the test under a name of its own. A step that fails makes the test fail, which goes on.
   *
   * @example await t.step("replays", async () => { await assertReplays(recording); });
   * @returns Whether the step passed; false also for one that was skipped.
   * @throws {TypeError} If another step of this test runs: await it first.
   */
  step(step: StepRecord): Promise<boolean>;
  step(name: string, fn: StepRecord["fn"]): Promise<boolean>;
  /**
   * Ends this test or step here, without a failure.
   *
   * @example t.skip("no network here");
   * @param reason Shown in the summary.
   * @throws Always.
   */
  skip(reason: string): never;
  /**
   * Runs a program natively under the engine and keeps a trace of it.
   *
   * @param program A source (`.c`, `.cc`, `.cpp`, `.S`) or a path, relative to the script; or a program of the host.
   * @example
   * await using recording = await t.record("loop.c", ["10"], { signals: [{ send: "SIGUSR1", at: { ticks: 1000 } }] });
   * @returns The recording; `await using` deletes it at the end.
   */
  record(program: string, args?: readonly string[], options?: RecordOptions): Promise<Recording>;
  /**
   * Counts events of this process while something runs: see `countWhile`.
   *
   * @example const { "page-faults": faults } = await t.counters(["page-faults"], () => touch(memory));
   */
  counters(events: readonly string[], fn: () => void | Promise<void>): Promise<Record<string, Reading>>;
  /**
   * Builds a program.
   *
   * @param source Path of a source, relative to the script.
   * @param options Flags of the compiler, or an object that has them.
   * @example const { path } = await t.compile("primes.c", ["-O2", "-lm"]);
   * @returns The program; it is kept by content, so that the next build of the same costs nothing.
   */
  compile(source: string, options?: ProgramOptions | readonly string[]): Promise<Program>;
}
/** The body of a test or a step. */
type TestFunction = (t: TestContext) => void | Promise<void>;
/** Capabilities of a host, and what is to be said of them. */
interface Condition {
  /** Capabilities that the host has, all of them. */
  when?: string | readonly string[];
  /** Engines that it is about. @default all */
  engine?: EngineName | readonly EngineName[];
  /** Why, for those who read the report. */
  reason?: string;
  /** Where more is told of it. */
  url?: string;
}
/** A capability, or several conditions of which one is enough. */
type Conditions = string | Condition | readonly (string | Condition)[];
/** Where a test is for, and where its result means less. */
interface TestConditions {
  /** Capabilities without which it is skipped, as `tickproof doctor` names them. @default none */
  requires?: Conditions;
  /** Where it is skipped. @default nowhere */
  unsupported?: Conditions;
  /** Where it is run, and its result is marked. @default nowhere */
  flag?: Conditions;
  /** Where it is run and must fail: to pass is then a failure. @default nowhere */
  xfail?: Conditions;
}
/**
 * What may be said of a test besides its body. Everything is optional.
 *
 * @example
 * test({
 *   name: "writes nothing outside",
 *   permissions: { net: false, write: "folder" },
 *   requires: "compiler",
 *   repeats: 3,
 *   fn: async (t) => {
 *     await using recording = await t.record("program.c");
 *     await assertReplays(recording);
 *   },
 * });
 */
interface TestOptions extends TestConditions {
  /** Not run; a text says why. @default false */
  ignore?: boolean | string;
  /** Only tests with this are run, and the run fails for it, so that it is not forgotten. @default false */
  only?: boolean;
  /** Seconds that one attempt may take. @default DEFAULT_TIMEOUT_SECONDS, or the run's */
  timeout?: number;
  /** Attempts after a failed one; a test that passes then is flaky. @default 0 */
  retry?: number;
  /** Times that the test is run; it passes only if all of them do. @default 1 */
  repeats?: number;
  /** Words to choose tests by. @default none */
  tags?: readonly string[];
  /**
   * The engine that is to run it. Scripts record with the embedded one, so that a test for "rr" is skipped.
   * @default "embedded"
   */
  engine?: EngineChoice;
  /**
   * Described host that its programs run on, by name or by path of a profile relative to the script; its conditions and
   * `t.host` are those of that host.
   * @default this host
   */
  host?: string;
  /** What programs that it records may do. @default all that its user may */
  permissions?: Permissions;
}
/** When a hook runs: around all tests of its script, or around each. */
type HookName = "beforeAll" | "beforeEach" | "afterEach" | "afterAll";
/** The body of a hook. */
type Hook = () => void | Promise<void>;
/** A test, as a line names it. */
interface JsonTest {
  id: string;
  suite: string;
  name: string;
}
/** A line. `version` is raised when a key changes its meaning or goes; keys may be added. */
type JsonLine = {
  event: "run-started";
  version: 1;
  time: string;
  tests: JsonTest[];
  repeat: number;
  jobs: number;
} | {
  event: "phase-started";
  test: string;
  attempt: number;
  phase: string;
} | {
  event: "step-finished";
  test: string;
  attempt: number;
  path: string[];
  result: StepResult;
} | {
  event: "attempt-finished";
  test: string;
  attempt: Attempt;
} | {
  event: "run-finished";
  tests: {
    id: string;
    verdict: Verdict;
    passed: number;
    attempts: number;
  }[];
  counts: Readonly<Record<Verdict["kind"], number>>;
  passed: number;
  failed: number;
  skipped: number;
  xfailed: number;
  flaky: number;
  milliseconds: number;
  interrupted: boolean;
  stoppedByFailures: boolean;
  scriptProblems: readonly ScriptProblem[];
  teardownProblems: readonly string[];
  kernelLogReadable: boolean;
  settingChanges: readonly SettingChange[];
};
/**
 * Asserts that a recording replays: to its end, with the same output, end, ticks, signals and switches.
 *
 * @example const replay = await assertReplays(recording);
 * @returns The replay, for more questions.
 * @throws {AssertionError} With both sides of each difference.
 */
declare function assertReplays(recording: Recording): Promise<Replay>;
/**
 * Asserts that runs have executed the same number of conditional branches.
 *
 * @example assertSameTicks(recording, await recording.replay());
 * @param first What the others are compared with.
 * @throws {AssertionError} With the ticks of the first one that differs.
 */
declare function assertSameTicks(first: Run, ...others: readonly Run[]): void;
/**
 * Asserts that a condition holds at no time of a recording, from the start of main on: what it is made of is watched.
 *
 * @example await assertNever(recording, "queue.length < 0");
 * @param condition For gdb; of variables that live as long as the program.
 * @throws {AssertionError} With the first place where it holds.
 * @throws {UsageError} If there is no gdb, the condition is none, or the processor can't watch what it is made of.
 */
declare function assertNever(recording: Recording, condition: string): Promise<void>;
/**
 * Asserts that a condition holds at all times of a recording, as {@link assertNever}.
 *
 * @example await assertAlways(recording, "queue.length <= 4");
 */
declare function assertAlways(recording: Recording, condition: string): Promise<void>;
/** Adds a group. */
type AddGroup = (name: string, fn: () => void) => void;
/** A group for each row of a table; see `test.each`. */
interface AddGroups {
  <Row extends readonly unknown[] | readonly [unknown]>(rows: readonly Row[]): (name: string, fn: (...values: Row) => void) => void;
  <Row>(rows: readonly Row[]): (name: string, fn: (row: Row) => void) => void;
  (strings: TemplateStringsArray, ...values: readonly unknown[]): (name: string, fn: (row: Record<string, unknown>) => void) => void;
}
/** `describe` and what hangs on it. */
interface Describe extends AddGroup {
  /** Groups whose tests are not run. */
  skip: AddGroup;
  /** Groups that are still to be written. */
  todo: (name: string, fn?: () => void) => void;
  /** Groups that keep the other tests from running, and the run from passing. */
  only: AddGroup;
  each: AddGroups;
  skipIf: (condition: unknown) => AddGroup;
  runIf: (condition: unknown) => AddGroup;
}
/**
 * Adds a group of tests.
 *
 * @example describe("a loop", () => { test("replays", async (t) => { … }); });
 */
declare const describe: Describe;
/** What is asserted of, if not the test that runs with the embedded engine. */
interface SkipsOnOptions {
  /** Another test of the script, by name. @default the one that runs */
  test?: string;
  /** Conditions to take instead of those of the test. @default the test's */
  conditions?: TestConditions;
  /** @default "embedded" */
  engine?: EngineName;
}
/**
 * Asserts that a test would be skipped on a described host, by its own conditions.
 *
 * @example assertSkipsOn("haswell-kvm-4.7", { conditions: { unsupported: "kvm-in-txcp-bug" } });
 * @param host A name from manifests/hosts, or the path of a profile relative to the script.
 * @returns Why it would be skipped: what was found there, and the condition's reason.
 * @throws {AssertionError} If it would be run there; with what was found of each capability that it names.
 * @throws {TypeError} Outside of a test, or for the name of a test that is none of the script's.
 */
declare function assertSkipsOn(host: string, options?: SkipsOnOptions): string;
/** A test as one record. */
interface TestRecord extends TestOptions {
  name: string;
  fn: TestFunction;
}
/** The ways to write a test down. */
interface AddTest {
  /** @example test("adds", async (t) => { … }) */
  (name: string, fn: TestFunction): void;
  /** @example test("adds", { timeout: 5 }, async (t) => { … }) */
  (name: string, options: TestOptions, fn: TestFunction): void;
  /** @example test({ name: "adds", tags: ["quick"], fn: async (t) => { … } }) */
  (test: TestRecord): void;
}
/** What comes back of a test's body. */
type Ended = void | Promise<void>;
type Title<Row> = string | ((row: Row, index: number) => string);
/** The tests of a table whose rows are lists: their values are arguments. */
interface EachList<Row extends readonly unknown[]> {
  (name: Title<Row>, fn: (...values: Row) => Ended, options?: TestOptions): void;
  (name: Title<Row>, fn: (t: TestContext, ...values: Row) => Ended, options?: TestOptions): void;
}
/** The tests of a table whose rows are single values. */
interface EachRow<Row> {
  (name: Title<Row>, fn: (row: Row) => Ended, options?: TestOptions): void;
  (name: Title<Row>, fn: (t: TestContext, row: Row) => Ended, options?: TestOptions): void;
}
/** A test for each row of a table. */
interface AddEach {
  <Row extends readonly unknown[] | readonly [unknown]>(rows: readonly Row[]): EachList<Row>;
  <Row>(rows: readonly Row[]): EachRow<Row>;
  (strings: TemplateStringsArray, ...values: readonly unknown[]): EachRow<Record<string, any>>;
}
/** A test for each row of a table; lists are not spread, and `t` comes last. */
type AddFor = <Row>(rows: readonly Row[]) => (name: Title<Row>, fn: (row: Row, t: TestContext) => Ended, options?: TestOptions) => void;
/** `test` and what hangs on it. */
interface Test extends AddTest, Record<HookName, (fn: Hook) => void> {
  /** A test that keeps the others from running, and the run from passing. */
  only: AddTest;
  /** A test that is not run. */
  ignore: AddTest;
  skip: AddTest;
  /** A test that is still to be written. */
  todo: (name: string, fn?: TestFunction) => void;
  /** A test that is not run where the condition holds, or does not. */
  skipIf: (condition: unknown) => AddTest;
  runIf: (condition: unknown) => AddTest;
  /**
   * A test for each row.
   *
   * @example test.each([1, 2, 3])("doubles %i", (n) => { … })
   * @example test.each([[1, 1, 2], [1, 2, 3]])("%i + %i is %i", (a, b, sum) => { … })
   * @example test.each`a | sum\n${1} | ${2}`("$a and $a is $sum", ({ a, sum }) => { … })
   * The values of a row are the arguments. A function with one parameter more than that gets `t` first; `test.for` hands
   * it on behind the row, with its type:
   * @example test.for(["loop.c"])("%s replays", async (program, t) => { … })
   * Titles may have `%s %d %i %f %j %o` for the next value, `%#` for the row's index, `%$` for its number, and `$name`
   * for a field of a row that is an object; or are functions of the row.
   */
  each: AddEach;
  /** The same with lists as they are, and `t` behind: `test.for([[1, 2]])("%i", ([a, b], t) => { … })` */
  for: AddFor;
}
/** Adds a test to the script. See {@link Test}. */
declare const test: Test;
/** The same by its other name. */
declare const it: Test;
/** Hooks by themselves, for all tests of the script or of the group that they stand in. */
declare const beforeAll: (fn: Hook) => void, beforeEach: (fn: Hook) => void, afterEach: (fn: Hook) => void, afterAll: (fn: Hook) => void;
export { type AddEach, type AddFor, type AddGroup, type AddGroups, type AddTest, type Condition, type Conditions, type Describe, type Divergence, type EachList, type EachRow, type Exit, type Hook, type HookName, type JsonLine, type JsonTest, type Location, type Moment, type MomentPlace, type Permissions, type ProbeTools, type Program, type ProgramOptions, type RecordOptions, type Recording, type Replay, type Run, type ScriptHost, type Send, type SignalName, type SkipsOnOptions, type StackFrame, type StepRecord, type Suite, type SuiteCondition, type SuiteExpectations, type SuiteRange, type SuiteTest, type SuiteText, type Test, type TestConditions, type TestContext, type TestFunction, type TestOptions, type TestRecord, type UserProbe, type WatchedWrite, type When, afterAll, afterEach, assertAlways, assertNever, assertReplays, assertSameTicks, assertSkipsOn, beforeAll, beforeEach, describe, it, test };

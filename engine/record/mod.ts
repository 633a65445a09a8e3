/** Recording: the door of this folder. */

import { join, resolve } from "node:path";
import {
  isLaunchers,
  kill,
  ownEnvironment,
  PERSONALITY,
  retry,
  SIG,
  SYSCALLS,
  SyscallError,
  setOptions,
  signalBit,
  spawnTraced,
  startState,
} from "../../ffi/mod.ts";
import { ARCH_NAME } from "../arch/x86_64/registers.ts";
import { EngineError, HostFault, invariant } from "../engine-error.ts";
import type { HostModel } from "../host/model-api.ts";
import { catchInterrupts, Interrupted } from "../interrupts.ts";
import { readOptimisations } from "../optimisations.ts";
import { exitOf, noTotals, type Outcome } from "../outcome.ts";
import { findProgram } from "../program.ts";
import { awaitFirstStop } from "../session/births.ts";
import type { TaskPlace } from "../session/task-places.ts";
import { TRACE_OPTIONS } from "../session/trace-options.ts";
import { describeHost, type HostLogLine, type TraceMeta, TraceWriter, writeHostLog } from "../trace/mod.ts";
import { Binding } from "../tracee/binding.ts";
import { recordingMemory } from "../tracee/file-memory.ts";
import { isTrap } from "../tracee/kernel-stop.ts";
import { Tracer } from "../tracee/tracer.ts";
import { ENGINE } from "../version.ts";
import { initialActions } from "./actions.ts";
import { AsynchronousIo } from "./aio/mod.ts";
import { Chaos, FirstTurns } from "./chaos.ts";
import { Checksums } from "./checksums.ts";
import type { CrashState } from "./crash.ts";
import { type Denial, Deny } from "./deny/mod.ts";
import { DescribedHost } from "./described/mod.ts";
import { EffectCheck } from "./effect-check.ts";
import { ExecutableGain } from "./executable-gain.ts";
import { ignoredSignals } from "./kernel-state.ts";
import type { LeftProcess } from "./left-processes.ts";
import { type PlannedSignal, PlannedSignals } from "./planned-signals.ts";
import { RecordedProcess, RecordedTask } from "./recorded-task.ts";
import { Recorder } from "./recorder.ts";
import { Recording } from "./recording.ts";
import { type RecordingEnd, TOLD } from "./recording-end.ts";
import { FAIR } from "./schedule.ts";
import { inheritedSeccomp, ProgramFilters } from "./seccomp/mod.ts";
import { StandIns } from "./stand-ins.ts";
import { type Endless, type EndlessOptions, EndlessWatch } from "./standstill.ts";
import { TimeStamps } from "./time-stamps.ts";
import { UserDispatch } from "./user-dispatch.ts";

/** What to record. */
export interface RecordOptions {
  /** Program and arguments; the program is searched in PATH unless it has a slash. */
  command: string[];
  /** Folder of the trace, to be made. */
  directory: string;
  /** No messages of the engine's own. */
  quiet: boolean;
  /** @default the recorder's own */
  environment?: Record<string, string>;
  /** @default the recorder's own */
  cwd?: string;
  /** A described host that answers the program in place of this one. @default this host */
  host?: HostModel;
  /** Told of the program's first task before it runs: counters of the described host may be opened on it. @default nobody is */
  onStart?: (task: number) => void;
  /** Signals that the program's first task gets at exact ticks. @default none */
  signals?: readonly PlannedSignal[];
  /** Told often of how far it has come: events, and what counts the ticks. @default nobody is */
  onProgress?: (events: number, ticks: () => number) => void;
  /** Told of each piece that it writes to its standard output or error; good until the call returns. @default nobody is */
  onOutput?: (bytes: Uint8Array) => void;
  /**
   * Room for the trace's events, in bytes on disk: what happens beyond it is not kept, and the program goes on.
   * @default no bound
   */
  maxBytes?: number;
  /** Told of what the user should know of the recording, which the trace notes as well. @default nobody is */
  onNote?: (text: string) => void;
  /** Whether to check that all memory that calls change is told of. @default false */
  checkEffects?: boolean;
  /** What the program may not do: it gets EACCES. @default nothing */
  deny?: readonly Denial[];
  /** Seed of a schedule that no fair turns lead to, 0 to {@link MAX_SEED}. @default everybody in turn */
  chaos?: number;
  /** How many turns that schedule has; fair ones follow. @default all */
  chaosTurns?: number;
  /** Seed of the schedule that follows in place of fair turns. @default fair ones */
  chaosThen?: number;
  /** Keeps checksums: of memory, after so many system calls each, and of the trace's files. @default none */
  checksum?: number;
  /** Told where the recorder gets nowhere, and which task it waits for. @default nobody is */
  onStall?: (message: string) => void;
  /** Records until the last process has ended, not the first one. @default false */
  wait?: boolean;
  /** When to end a recording whose program does not end. @default never */
  endless?: EndlessOptions;
}

/** How a recording ended. */
export interface RecordResult extends Outcome {
  outcome: "recorded" | "interrupted" | "unsupported";
  /** One line for the user, or "". */
  message: string;
  /** The trace breaks off where its room ended. */
  cut?: true;
  /** What the kernels of a described host have logged meanwhile; missing where that is nothing. */
  hostLog?: readonly HostLogLine[];
  /** Where each task stood when the recorder was first told to stop, if it was. */
  places?: readonly TaskPlace[];
  /** Why the recording has ended though the program would not; see `RecordOptions.endless`. */
  endless?: Endless;
  /** Of a schedule by a seed: how many turns were its own, how many came behind, and the event that was next when these began. */
  turns?: { made: number; rest: number; restFrom?: number };
  /** Processes that lived on when the first one ended, and were ended with it. */
  left?: readonly LeftProcess[];
  /** Tasks that a signal has ended with their process, the last ones; missing where there were none. */
  crashes?: readonly CrashState[];
}

/**
 * Records a program, to its end or until it is interrupted. What it leaves running is ended with it. Blocks; the program has the recorder's own standard
 * streams.
 *
 * @throws EngineError if it can't be started or TICKPROOF_NO has a wrong name, HostFault if the host lacks what the engine
 *   needs, TraceError if the trace can't be written.
 */
export function record(options: RecordOptions): RecordResult {
  readOptimisations();
  using _ = catchInterrupts();
  const { command } = options;
  const directory = resolve(options.directory);
  const cwd = resolve(options.cwd ?? process.cwd());
  const environment = options.environment ?? currentEnvironment();
  const program = findProgram(command[0] ?? "", environment.PATH ?? "", cwd);
  const meta: TraceMeta = {
    command,
    program,
    environment,
    cwd,
    arch: ARCH_NAME,
    host: describeHost(),
    engine: ENGINE,
    bun: Bun.version,
    startedAt: new Date().toISOString(),
    ...(options.chaos !== undefined && { chaos: options.chaos }),
    ...(options.chaosTurns !== undefined && { chaosTurns: options.chaosTurns }),
    ...(options.chaosThen !== undefined && { chaosThen: options.chaosThen }),
    ...(options.host && {
      described: { name: options.host.profile.name, description: options.host.profile.description },
    }),
  };
  const { maxBytes } = options;
  const writer = TraceWriter.create(directory, meta, {
    ...(maxBytes !== undefined && { maxBytes }),
    keepsSums: options.checksum !== undefined,
  });
  const before = process.cwd();
  process.chdir(cwd);
  try {
    return recordInto(writer, program, { ...options, environment, directory, cwd });
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return { ...noTotals(), ...result({ reason: "interrupted", status: error.signal, message: TOLD }) };
  } finally {
    if (writer.eventCount === 0) writer.abandon();
    else writer.close();
    process.chdir(before);
  }
}

function recordInto(
  writer: TraceWriter,
  program: string,
  {
    command,
    directory,
    environment,
    host,
    cwd,
    signals = [],
    deny = [],
    chaos,
    chaosTurns = Number.POSITIVE_INFINITY,
    chaosThen,
    checksum,
    onProgress,
    onStart,
    onStall,
    onNote,
    checkEffects = false,
    onOutput,
    wait,
    endless,
  }: RecordOptions & { environment: Record<string, string>; cwd: string },
): RecordResult {
  const tracer = new Tracer(recordingMemory());
  using binding = new Binding();
  using mapper = tracer.mapper;
  // On a described host the edges of critical sections may have to be told, in translations of its own.
  mapper.sharesText &&= host === undefined;
  const endlessWatch = new EndlessWatch(endless);
  let restFrom: number | undefined;
  const noteRest = () => {
    restFrom = recording.totals.events;
  };
  const rest = chaosThen === undefined ? FAIR : new Chaos(chaosThen);
  const turns =
    chaos === undefined
      ? undefined
      : new FirstTurns(new Chaos(chaos), chaosTurns, rest, noteRest, () => endlessWatch.turn());
  const recording = new Recording(tracer, writer, binding, turns ?? FAIR);
  recording.interceptors.add(new UserDispatch());
  recording.interceptors.add(new ProgramFilters(recording));
  recording.interceptors.add(new TimeStamps());
  recording.interceptors.add(new ExecutableGain());
  recording.interceptors.add(new StandIns(recording));
  recording.interceptors.add(new AsynchronousIo(recording));
  recording.interceptors.add(recording.pids);
  using described = host && new DescribedHost(recording, host, join(directory, "described"));
  if (described) recording.interceptors.add(described);
  if (checksum !== undefined) recording.checksums = new Checksums(checksum);
  recording.onProgress = onProgress;
  recording.onStall = onStall;
  recording.onNote = onNote;
  if (checkEffects) recording.effects = new EffectCheck(tracer);
  recording.onOutput = onOutput;
  if (deny.length > 0) recording.interceptors.add(new Deny(deny, cwd));
  const started = start(recording, program, command, environment);
  if (!(started instanceof RecordedTask)) {
    const { pid, status } = started;
    recording.end({ task: pid, ticks: 0, reason: "exited", status, message: "" });
    return { ...recording.totals, ...result({ reason: "exited", status, message: "" }) };
  }
  onStart?.(started.tid);
  described?.noteWhatCounts([started]);
  const end = new Recorder(
    recording,
    started,
    new PlannedSignals(started, signals),
    endlessWatch,
    wait,
  ).run();
  // What has come to nothing before its first event leaves no trace.
  if (recording.totals.events > 0) {
    const status = end.reason === "exited" ? end.status : 0;
    recording.end({
      task: started.id,
      ticks: started.ticks,
      reason: end.reason,
      status,
      message: end.message,
    });
  }
  const hostLog = described?.logged() ?? [];
  if (recording.totals.events > 0 && !writer.isFull) writeHostLog(directory, hostLog);
  const { places, left } = end;
  const { crashes } = recording;
  return {
    ...recording.totals,
    ...result(end),
    cost: tracer.cost,
    ...(writer.isFull && ({ cut: true } as const)),
    ...(hostLog.length > 0 && { hostLog }),
    ...(places && { places }),
    ...(end.endless && { endless: end.endless }),
    ...(turns && {
      turns: { made: turns.made, rest: turns.rest, ...(restFrom !== undefined && { restFrom }) },
    }),
    ...(left && { left }),
    ...(crashes.length > 0 && { crashes }),
  };
}

function result(end: RecordingEnd): Pick<RecordResult, "outcome" | "message" | "exit"> {
  const outcome = end.reason === "exited" ? "recorded" : end.reason;
  const exit =
    end.reason === "exited"
      ? exitOf(end.status)
      : end.reason === "interrupted" && end.status !== 0
        ? { signal: end.status }
        : undefined;
  return { outcome, message: end.message, exit };
}

/** Errors of a start that are the host's: what it has run out of. The others are about the program (execve(2)). */
const SHORTAGES: ReadonlySet<string> = new Set(["EAGAIN", "EIO", "EMFILE", "ENFILE", "ENOMEM", "ENOSPC"]);

/** A program that the kernel has killed while it executed it: too late for an error, too early for an instruction. */
interface Stillborn {
  pid: number;
  /** Its wait status. */
  status: number;
}

/** Starts the program and leaves it at its first instruction. */
function start(
  recording: Recording,
  program: string,
  argv: string[],
  environment: Record<string, string>,
): RecordedTask | Stillborn {
  const { tracer } = recording;
  let pid: number;
  try {
    pid = spawnTraced({
      path: program,
      argv,
      env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      inherits: true,
    });
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    const isPrograms = error.syscall.startsWith("execve") && !SHORTAGES.has(error.code);
    const Fault = isPrograms ? EngineError : HostFault;
    throw new Fault(`Cannot start ${program}: ${error.message}`);
  }
  try {
    awaitFirstStop(tracer, pid);
    const { found } = tracer;
    if (found.kind === "ended") return { pid, status: found.status };
    invariant(found.kind === "signal", `the program begins with a stop by ${found.kind}`);
    if (!isTrap(found)) return { pid, status: tracer.dieOfSignals(pid, found.signal) };
    setOptions(pid, TRACE_OPTIONS);
    const ignored = ignoredSignals(pid);
    const task = new RecordedTask(
      pid,
      new RecordedProcess(pid, tracer.newSpace(pid), initialActions(ignored)),
      recording.keeper,
    );
    const persona = retry(SYSCALLS.personality, 0xffffffff);
    task.process.fixedLayout = (persona & PERSONALITY.ADDR_NO_RANDOMIZE) !== 0;
    task.seccomp = inheritedSeccomp();
    task.trap.blocked = (startState().mask & signalBit(SIG.SIGTRAP)) !== 0n;
    tracer.takeRegisters(task, found);
    return task;
  } catch (error) {
    kill(pid, SIG.SIGKILL);
    throw error;
  }
}

function currentEnvironment(): Record<string, string> {
  return ownEnvironment(
    Object.fromEntries(
      Object.entries(process.env).filter(
        (entry): entry is [string, string] => entry[1] !== undefined && !isLaunchers(entry[0]),
      ),
    ),
  );
}

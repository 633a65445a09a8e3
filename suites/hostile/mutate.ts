/**
 * Replays mutations of a trace by seed: `bun suites/hostile/mutate.ts FROM COUNT`. Each replay has to end within 10 s of the
 * processor's time, with an outcome or an error that is meant for the user, in at most 1 GB. What does not is printed, with
 * the seed that makes it again. Workers replay many mutations each, since starting Bun costs more than most of them.
 */
import { appendFileSync, closeSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { REGISTER_COUNT } from "../../engine/arch/x86_64/registers.ts";
import { record, replay } from "../../engine/mod.ts";
import { random } from "../../engine/trace/_fixtures.ts";
import { type TraceEvent, TraceReader, TraceWriter } from "../../engine/trace/mod.ts";
import { isUserError } from "../../runner/errors/mod.ts";
import { wholeNumber } from "../_arguments.ts";
import { members } from "../ends/session.ts";

/** Processor time, of replayer and program, within which a mutation has to be dealt with. */
const HANG_MS = 10_000;
/** What sleeps for ever takes no processor time. */
const ASLEEP_MS = 120_000;
/** USER_HZ is 100 (proc_pid_stat(5)). */
const CLOCK_TICK_MS = 10;
/** How many mutations a worker replays. */
const PER_WORKER = 200;
const MAX_RSS = 1e9;

/** What a run has found. */
export interface Findings {
  replayed: number;
  diverged: number;
  refused: number;
  /** Mutations that did what none may. */
  wrong: string[];
}

const ODD = [0, 1, -1, 0x7fff_ffff, 2 ** 32, 2 ** 46, 2 ** 47, 0x10000, 0x20000, 0xa0000, 0xe0000];
const BIG = [0n, 1n, 2n ** 63n, 2n ** 64n - 1n, 0x10000n, 0x7fff_ffff_f000n, 0xffff_8000_0000_0000n];

/** Changes one event of a trace. */
function mutate(events: TraceEvent[], next: () => number): void {
  const below = (count: number) => Math.floor(next() * count);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]!;
  const at = below(events.length);
  const event = events[at]!;
  const address = () => Math.abs(pick(ODD)) + (below(3) === 0 ? below(8192) : 0);
  switch (below(12)) {
    case 0:
      events.splice(at, 1);
      return;
    case 1:
      events.splice(at, 0, event);
      return;
    case 2:
      events.splice(at, 1, events[below(events.length)]!);
      return;
    case 3:
      event.ticks = Math.max(0, event.ticks + pick([-1, 1, 1000, 2 ** 40]));
      return;
    case 4:
      event.registers[below(REGISTER_COUNT)] = pick(BIG);
      return;
    case 5:
      event.task += pick([-1, 1, 100]);
      return;
    default:
  }
  if (event.kind === "calls") event.records[below(event.records.length)] = below(256);
  else if ("after" in event && below(2) === 0) event.after[below(REGISTER_COUNT)] = pick(BIG);
  else if ("writes" in event && event.writes.length > 0 && below(2) === 0) {
    const write = pick(event.writes);
    if (below(2) === 0) write.address = address();
    else if (write.bytes.length > 0) write.bytes[below(write.bytes.length)] = below(256);
  } else if (event.kind === "syscall") {
    if (below(3) === 0) event.number = below(460);
    else if (below(2) === 0) event.result = BigInt.asIntN(64, pick(BIG));
    else if (event.mapping) {
      event.mapping.start = address();
      event.mapping.end = event.mapping.start + pick([0, 1, 4096, 2 ** 30, 2 ** 45]);
    } else
      event.mapping = {
        start: address(),
        end: 2 ** 33,
        protection: 7,
        shared: false,
        file: -1,
        offset: 0,
        name: "",
      };
  } else if (event.kind === "exec" && event.mappings.length > 0) {
    const mapping = pick(event.mappings);
    if (below(2) === 0) mapping.start = Math.min(mapping.end, address());
    else mapping.offset = address();
  } else if (event.kind === "clone") event.flags = below(2 ** 31);
  else if (event.kind === "signal" || event.kind === "switch") event.jumps = address();
}

/** Whether the numbers of an event are such as the format has. */
function isEncodable(event: TraceEvent): boolean {
  const numbers = [event.ticks, "jumps" in event ? event.jumps : 0];
  return numbers.every((value) => Number.isSafeInteger(value) && value >= 0);
}

/** Replays mutations, and says of each how it went, in a file that the parent watches. */
function work(original: string, folder: string, log: string, from: number, to: number): void {
  for (let seed = from; seed < to; seed++) {
    const trace = join(folder, "mutation");
    rmSync(trace, { recursive: true, force: true });
    let said: string;
    try {
      const reader = TraceReader.open(original);
      const writer = TraceWriter.create(trace, reader.meta, { store: join(folder, "store") });
      for (const [i, file] of reader.files.entries())
        writer.addFile({ path: reader.filePath(i), name: file.path });
      const events: TraceEvent[] = [];
      for (let event = reader.next(); event; event = reader.next()) events.push(structuredClone(event));
      reader.close();
      const next = random(seed);
      for (let times = 1 + Math.floor(next() * 3); times > 0; times--) mutate(events, next);
      // What the format can't hold is left out, as by whoever makes up a trace by hand.
      for (const event of events) if (isEncodable(event)) writer.write(event);
      writer.close();
      said = replay({ directory: trace, quiet: true }).outcome;
    } catch (error) {
      said = isUserError(error) ? "refused" : `wrong ${String((error as Error).stack)}`;
    }
    appendFileSync(log, `${seed} ${said.replaceAll("\n", " | ")}\n`);
  }
}

/** The most memory that a process had (proc_pid_status(5)); 0 if it is gone. */
function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0; // it has ended meanwhile
  }
}

/** Processor time that the processes of a session have had, with that of their children that have ended. */
function processorMsOf(session: number): number {
  let ticks = 0;
  for (const pid of members(session)) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      // Fields 14 to 17, where 3 is the first one behind the name (proc_pid_stat(5)).
      const times = stat
        .slice(stat.lastIndexOf(")") + 2)
        .split(" ")
        .slice(11, 15);
      for (const time of times) ticks += Number(time);
    } catch {
      // It has ended meanwhile, and is its parent's to count.
    }
  }
  return ticks * CLOCK_TICK_MS;
}

/**
 * Replays mutations of a recording of a program.
 *
 * @param program Program to record once.
 * @param folder Folder to work in.
 */
export async function mutations(
  program: string[],
  folder: string,
  from: number,
  count: number,
): Promise<Findings> {
  const original = join(folder, "original");
  record({ command: program, directory: original, quiet: true });
  const findings: Findings = { replayed: 0, diverged: 0, refused: 0, wrong: [] };
  const log = join(folder, "log");
  for (let seed = from; seed < from + count; ) {
    const to = Math.min(from + count, seed + PER_WORKER);
    closeSync(openSync(log, "w"));
    const worker = Bun.spawn(
      [process.execPath, import.meta.path, "--worker", original, folder, log, `${seed}`, `${to}`],
      {
        stdin: "ignore",
        stdout: "ignore",
        stderr: "ignore",
        // A session of its own tells its processes from others.
        detached: true,
      },
    );
    let size = 0;
    let since = performance.now();
    let spent = processorMsOf(worker.pid);
    let why = "";
    while (worker.exitCode === null && worker.signalCode === null && why === "") {
      await Promise.race([worker.exited, Bun.sleep(100)]);
      const now = statSync(log).size;
      if (now !== size) [since, spent] = [performance.now(), processorMsOf(worker.pid)];
      size = now;
      if (processorMsOf(worker.pid) - spent > HANG_MS) why = "hangs";
      else if (performance.now() - since > ASLEEP_MS) why = "sleeps";
      else if (peakOf(worker.pid) > MAX_RSS) why = "takes more than 1 GB";
    }
    worker.kill("SIGKILL");
    await worker.exited;
    const lines = readFileSync(log, "utf8").split("\n").slice(0, -1);
    for (const line of lines) {
      const outcome = line.slice(line.indexOf(" ") + 1);
      if (outcome === "replayed") findings.replayed++;
      else if (outcome === "diverged" || outcome === "partial") findings.diverged++;
      else if (outcome === "refused") findings.refused++;
      else findings.wrong.push(line);
    }
    seed += lines.length;
    if (seed >= to) continue;
    findings.wrong.push(`${seed} ${why || `ended the replayer (${worker.signalCode ?? worker.exitCode})`}`);
    seed++;
  }
  return findings;
}

if (import.meta.main) {
  const [first = "0", ...rest] = process.argv.slice(2);
  if (first === "--worker") {
    const [original = "", folder = "", log = "", from, to] = rest;
    work(original, folder, log, Number(from), Number(to));
  } else {
    const seed = wholeNumber("FROM", process.argv[2], 0);
    const count = wholeNumber("COUNT", rest[0], 1000, 1);
    const { mkdtempSync } = await import("node:fs");
    const { tmpdir } = await import("node:os");
    const folder = mkdtempSync(join(tmpdir(), "tickproof-mutations-"));
    const program = ["sh", "-c", "trap : USR1; kill -USR1 $$; (echo a) ; read x < /etc/hostname; echo $x"];
    const findings = await mutations(program, folder, seed, count);
    rmSync(folder, { recursive: true, force: true });
    for (const line of findings.wrong) console.log(line);
    const { replayed, diverged, refused, wrong } = findings;
    console.log(
      `${replayed} replayed, ${diverged} diverged or partial, ${refused} refused, ${wrong.length} wrong`,
    );
    process.exit(wrong.length === 0 ? 0 : 1);
  }
}

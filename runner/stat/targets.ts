/** Whom `stat` counts: a program that it starts, tasks that run already, or everybody on some processors. */
import { readdirSync, readFileSync } from "node:fs";
import { readProcFile, saysGone } from "../../engine/proc-file.ts";
import { type CounterOptions, parseCpuList } from "../../ffi/mod.ts";
import { UsageError } from "../errors/mod.ts";

/** What the command line says of whom to count. */
export interface TargetOptions {
  /** Of `-a`: everybody, on all processors. */
  readonly all?: boolean;
  /** Of `-p` and `-t`: ids, apart by commas. */
  readonly processes?: string | undefined;
  readonly threads?: string | undefined;
  /** Of `-C`: processors, as in "0,2-3". */
  readonly cpus?: string | undefined;
}

/** Tasks or processors that are there already. */
export interface Targets {
  /** "the system", "processes 17, 18": for the report. */
  readonly name: string;
  readonly counters: readonly CounterOptions[];
  /** Whether one of them is still there; processors always are. */
  alive(): boolean;
}

const ONLINE = "/sys/devices/system/cpu/online";

function idsOf(option: string, text: string): number[] {
  return text.split(",").map((part) => {
    const id = Number(part);
    if (/^\d{1,9}$/.test(part.trim()) && id > 0) return id;
    throw new UsageError(`${option} takes ids apart by commas, such as 17,18: current value is '${text}'`);
  });
}

function cpusOf(text: string | undefined): number[] {
  const online = parseCpuList(readFileSync(ONLINE, "utf8"));
  if (text === undefined) return online;
  if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text))
    throw new UsageError(`-C takes processors such as 0,2-3: current value is '${text}'`);
  const wanted = parseCpuList(text);
  const missing = wanted.find((cpu) => !online.includes(cpu));
  if (missing !== undefined) {
    throw new UsageError(`-C ${text}: there is no processor ${missing} online (${online.join(", ")} are)`);
  }
  return wanted;
}

/** Threads of a process; none if it is gone. */
function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch (error) {
    if (saysGone(error)) return [];
    throw error;
  }
}

/** Whether a thread is there and has not ended: one that has is kept for its parent as a zombie. */
function isThere(tid: number): boolean {
  const status = readProcFile(`/proc/${tid}/status`);
  return status !== undefined && !/^State:\s+[ZX]/m.test(status);
}

/**
 * Reads whom to count.
 *
 * @returns undefined for a program that is to be started.
 * @throws {UsageError} For what is nobody, or contradicts itself.
 */
export function targetsOf({ all = false, processes, threads, cpus }: TargetOptions): Targets | undefined {
  const wide = all || cpus !== undefined;
  const given = [processes && "-p", threads && "-t", wide && (all ? "-a" : "-C")].filter(Boolean);
  if (given.length > 1) throw new UsageError(`${given.join(" and ")} exclude each other`);
  if (wide) {
    const list = cpusOf(cpus);
    const name =
      cpus === undefined ? "the system" : `processor${list.length > 1 ? "s" : ""} ${list.join(", ")}`;
    return { name, counters: list.map((cpu) => ({ pid: -1, cpu })), alive: () => true };
  }
  const [option, text] = processes === undefined ? ["-t", threads] : ["-p", processes];
  if (text === undefined) return undefined;
  const ids = idsOf(option, text);
  const gone = ids.find((id) => !isThere(id));
  if (gone !== undefined) throw new UsageError(`${option} ${text}: there is no task ${gone}`);
  const tids = option === "-p" ? ids.flatMap(threadsOf) : ids;
  return {
    name: `${option === "-p" ? "process" : "thread"} ${ids.join(", ")}`,
    // Threads and children that come later are counted too.
    counters: tids.map((pid) => ({ pid, inherit: true })),
    alive: () => ids.some(isThere),
  };
}

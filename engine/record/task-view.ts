/**
 * What /proc says of a recorded task, and of the processor, as it would be without a tracer: no tracer, no stops of its, the
 * processors and the signals that the program itself knows of, and no features that are hidden from it.
 */
import { SIG, SIG_IGN, signalBit } from "../../ffi/mod.ts";
import { HIDDEN_FLAGS } from "../arch/x86_64/visible-cpuid.ts";
import type { RecordedTask } from "./recorded-task.ts";
import { filterCount } from "./seccomp/state.ts";

const TRAP_BIT = signalBit(SIG.SIGTRAP);
/** Bits of one group of a mask of processors (bitmap_string in lib/vsprintf.c, Linux 6.18). */
const GROUP = 32;

/**
 * Text of /proc/TID/status (proc_pid_status(5)).
 *
 * @param processors Those that the program would have without the recorder, one bit each.
 */
export function visibleStatus(text: string, task: RecordedTask, processors: bigint): string {
  return text
    .split("\n")
    .map((line) => {
      const [name = "", value = ""] = line.split(":\t");
      const seen = visibleField(name, value, task, processors);
      return seen === undefined ? line : `${name}:\t${seen}`;
    })
    .join("\n");
}

function visibleField(
  name: string,
  value: string,
  task: RecordedTask,
  processors: bigint,
): string | undefined {
  const mask = (): bigint => BigInt(`0x${value}`);
  const hex = (bits: bigint): string => bits.toString(16).padStart(value.length, "0");
  switch (name) {
    case "State":
      return value.startsWith("t") ? STATES[stateOf(task)] : undefined;
    case "TracerPid":
      return `${task.tracing?.tracer.process.pid ?? 0}`;
    case "Seccomp":
      return `${task.seccomp.mode}`;
    case "Seccomp_filters":
      return `${filterCount(task.seccomp)}`;
    case "NoNewPrivs":
      return `${Number(task.seccomp.noNewPrivs)}`;
    case "SigBlk":
      return hex((task.savedMask ?? mask()) | (task.trap.blocked ? TRAP_BIT : 0n));
    case "SigIgn":
      return hex(mask() | (task.process.actions.handler(SIG.SIGTRAP) === SIG_IGN ? TRAP_BIT : 0n));
    case "Cpus_allowed":
      return task.choseProcessors ? undefined : groups(processors, value);
    case "Cpus_allowed_list":
      return task.choseProcessors ? undefined : ranges(processors);
    default:
      return undefined;
  }
}

/** The same as another text of such a mask, with its number of digits. */
function groups(bits: bigint, like: string): string {
  const digits = like.replaceAll(",", "").length;
  const hex = bits.toString(16).padStart(digits, "0");
  const first = hex.length % (GROUP / 4) || GROUP / 4;
  const parts = [hex.slice(0, first)];
  for (let at = first; at < hex.length; at += GROUP / 4) parts.push(hex.slice(at, at + GROUP / 4));
  return parts.join(",");
}

/** Set bits as a list: "0-3,8". */
function ranges(bits: bigint): string {
  const found: string[] = [];
  const has = (bit: number): boolean => ((bits >> BigInt(bit)) & 1n) === 1n;
  for (let bit = 0; bits >> BigInt(bit) > 0n; bit++) {
    if (!has(bit)) continue;
    const first = bit;
    while (has(bit + 1)) bit++;
    found.push(first === bit ? `${first}` : `${first}-${bit}`);
  }
  return found.join(",");
}

/** Text of /proc/TID/stat (proc_pid_stat(5)): its state, behind the name in parentheses. */
export function visibleStat(text: string, task: RecordedTask): string {
  const at = text.lastIndexOf(")") + 2;
  return text[at] === "t" ? text.slice(0, at) + stateOf(task) + text.slice(at + 1) : text;
}

/** Words for the states that a task in a stop of the recorder's may be in (get_task_state in fs/proc/array.c). */
const STATES = { t: "t (tracing stop)", T: "T (stopped)", R: "R (running)" } as const;

/** What a task that stands in a stop of the recorder's is in natively: a stop of its own tracer's, or of its process. */
function stateOf({ state, tracing }: RecordedTask): keyof typeof STATES {
  if (tracing?.hold) return "t";
  return state === "blocked" ? "T" : "R";
}

/** Text of /proc/cpuinfo: its lines of flags without those that cpuid hides. */
export function visibleCpuinfo(text: string): string {
  return text.replaceAll(/^flags\t*:.*$/gm, (line) =>
    line
      .split(" ")
      .filter((name) => !HIDDEN_FLAGS.has(name))
      .join(" "),
  );
}

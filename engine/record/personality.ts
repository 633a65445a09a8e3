/**
 * The personality of processes (personality(2)). Recorded programs have no randomised layout, so that their translations can
 * be kept; they see that only if they, or whoever started the recorder, have asked for it. And the kernel makes none of their
 * memory executable, whatever they ask for: what can be read then is text for the engine alone.
 */
import { PERSONALITY, PROT } from "../../ffi/mod.ts";
import type { MappingRecord } from "../trace/events.ts";
import { pageEnd } from "../tracee/mappings.ts";
import type { Call } from "./call.ts";
import type { RecordedProcess, RecordedTask } from "./recorded-task.ts";

const { ADDR_NO_RANDOMIZE, READ_IMPLIES_EXEC } = PERSONALITY;
/** Argument that only asks. */
const ASK = 0xffffffff;

/** Before the kernel sees the call: whatever a program asks for, its layout stays as it is. */
export function keepLayout(task: RecordedTask, call: Call): void {
  const wanted = call.argument(0) % 2 ** 32;
  if (wanted !== ASK) call.change(task, 0, ((wanted | ADDR_NO_RANDOMIZE) & ~READ_IMPLIES_EXEC) >>> 0);
}

/** After a call that succeeded: the program gets to see the personality that it had, and has the one that it asked for. */
export function showPersonality(task: RecordedTask, call: Call): void {
  const { process } = task;
  task.result = seenBits(process, call.result);
  call.result = Number(task.result);
  const wanted = call.argument(0) % 2 ** 32;
  if (wanted === ASK) return;
  process.fixedLayout = (wanted & ADDR_NO_RANDOMIZE) !== 0;
  process.readImpliesExec = (wanted & READ_IMPLIES_EXEC) !== 0;
}

function seenBits({ fixedLayout, readImpliesExec }: RecordedProcess, bits: number): number {
  const seen = fixedLayout ? bits : bits & ~ADDR_NO_RANDOMIZE;
  return (readImpliesExec ? seen | READ_IMPLIES_EXEC : seen) >>> 0;
}

/** The rights that memory has for the program that asks for some (do_mmap in mm/mmap.c, Linux 6.18). */
export function impliedRights({ process }: RecordedTask, protection: number): number {
  return process.readImpliesExec && (protection & PROT.READ) !== 0 ? protection | PROT.EXEC : protection;
}

/** What an mprotect has come to that says less than it does (do_mprotect_pkey in mm/mprotect.c, Linux 6.18). */
export function impliedChange(task: RecordedTask, call: Call): MappingRecord | undefined {
  if (call.spec?.memory !== "protect") return undefined;
  const protection = impliedRights(task, call.int(2));
  if (protection === call.int(2)) return undefined;
  const start = call.argument(0);
  return {
    start,
    end: pageEnd(start + call.argument(1)),
    protection: protection & (PROT.READ | PROT.WRITE | PROT.EXEC),
    shared: false,
    file: -1,
    offset: 0,
    name: "",
  };
}

/** Text of /proc/PID/personality (proc_pid_personality in fs/proc/base.c, Linux 6.18). */
export function visiblePersonality(text: string, { process }: RecordedTask): string {
  return `${seenBits(process, Number.parseInt(text, 16)).toString(16).padStart(8, "0")}\n`;
}

/**
 * A program: runs another one as it runs by itself, but under the eyes of ptrace, and writes down where each signal meets it
 * that ends it. It is for crashes that no recording shows; a native run is not watched, since that changes its times, and
 * a program may not be traced twice.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { toRegisters } from "../../engine/arch/x86_64/registers.ts";
import { faultAddress, MOST_CRASHES, type StackMemory, stackState } from "../../engine/mod.ts";
import { saysGone } from "../../engine/proc-file.ts";
import { readMaps } from "../../engine/proc-maps.ts";
import {
  ERRNO,
  getSigInfo,
  HeldChild,
  NativeBuffer,
  PTRACE,
  PTRACE_EVENT,
  PTRACE_O,
  ptrace,
  REG,
  SIG,
  SIGINFO,
  SyscallError,
  signalBit,
  TraceeControl,
  TraceeMemory,
  unwrap,
  type WaitStatus,
  waitStatus,
} from "../../ffi/mod.ts";
import type { WatchedCrash, WatchedRun } from "./watch-crash.ts";

/** Threads and children are watched too, and none of them lives longer than this process. */
const OPTIONS = PTRACE_O.EXITKILL | PTRACE_O.TRACECLONE | PTRACE_O.TRACEFORK | PTRACE_O.TRACEVFORK;
/** Signals that end nobody who does not handle them (signal(7)). */
const HARMLESS: readonly number[] = [SIG.SIGCHLD, SIG.SIGCONT, SIG.SIGURG, SIG.SIGWINCH];
/** Signals that stop a process by default. */
const STOPPING: readonly number[] = [SIG.SIGSTOP, SIG.SIGTSTP, SIG.SIGTTIN, SIG.SIGTTOU];

/** Runs a command to its end. */
function watch(command: readonly string[]): WatchedRun {
  const [path = ""] = command;
  const env = Object.entries(process.env).map(([name, value = ""]) => `${name}=${value}`);
  using control = new TraceeControl();
  using siginfo = NativeBuffer.map(SIGINFO.size);
  using child = new HeldChild({ path, argv: command, env });
  ptrace(PTRACE.SEIZE, child.pid, 0, OPTIONS);
  child.release();
  const crashes: WatchedCrash[] = [];
  for (;;) {
    const task = unwrap("wait4", control.wait(-1, 0));
    const status = waitStatus(control.status);
    if (status.kind === "stopped") {
      if (status.event === 0) crashes.push(...seenAt(task, status.signal, control, siginfo));
      goOn(control, task, status);
      continue;
    }
    if (task !== child.pid) continue;
    child.take(status);
    const exit = status.kind === "exited" ? { code: status.code } : { signal: status.signal };
    return { exit, crashes: crashes.slice(-MOST_CRASHES) };
  }
}

/** Lets a stopped task go on as it would have gone on by itself. */
function goOn(
  control: TraceeControl,
  task: number,
  { signal, event }: WaitStatus & { kind: "stopped" },
): void {
  const isGroupStop = event === PTRACE_EVENT.STOP && STOPPING.includes(signal);
  const result = control.resume(isGroupStop ? PTRACE.LISTEN : PTRACE.CONT, task, event === 0 ? signal : 0);
  // SIGKILL may come at any moment: the next wait tells of it.
  if (result !== -ERRNO.ESRCH) unwrap("ptrace", result);
}

/** The crash that a signal is to the process of a task which is about to get it. */
function seenAt(task: number, signal: number, control: TraceeControl, siginfo: NativeBuffer): WatchedCrash[] {
  try {
    return isDeadly(task, signal) ? [crashOf(task, signal, control, siginfo)] : [];
  } catch (error) {
    // Another thread's crash, or SIGKILL, has ended it meanwhile.
    if (saysGone(error) || (error instanceof SyscallError && error.errno === ERRNO.ESRCH)) return [];
    throw error;
  }
}

/** Whether a signal ends the process of a task which is about to get it. */
function isDeadly(task: number, signal: number): boolean {
  if (HARMLESS.includes(signal) || STOPPING.includes(signal)) return false;
  // Of a fault that the program blocks or ignores, the kernel has made the default by now (force_sig, kernel/signal.c).
  const status = readFileSync(`/proc/${task}/status`, "utf8");
  return ["SigIgn", "SigCgt"].every((field) => {
    const [, mask = "0"] = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, "m").exec(status) ?? [];
    return (BigInt(`0x${mask}`) & signalBit(signal)) === 0n;
  });
}

/** Notes a task that is stopped at a signal, before it gets it. */
function crashOf(task: number, signal: number, control: TraceeControl, siginfo: NativeBuffer): WatchedCrash {
  const registers = toRegisters(control.regs.u64, Number(control.regs.u64[REG.rip]));
  getSigInfo(task, siginfo);
  using memory = new TraceeMemory(task);
  const [, group = task] = /^Tgid:\s*(\d+)$/m.exec(readFileSync(`/proc/${task}/status`, "utf8")) ?? [];
  return {
    task,
    process: Number(group),
    signal,
    ...faultAddress(signal, siginfo.u8),
    ...stackState({ mappings: mappingsOf(task), memory }, registers),
  };
}

/** What is mapped in a task's memory. */
function mappingsOf(task: number): StackMemory["mappings"] {
  const all = readMaps(task).map((line, index) => ({
    ...line,
    file: line.name.startsWith("/") ? index : -1,
  }));
  return { all, find: (address) => all.find(({ start, end }) => start <= address && address < end) };
}

const [file = "", ...command] = process.argv.slice(2);
try {
  writeFileSync(file, JSON.stringify(watch(command)));
} catch (error) {
  // A host that lets nobody be traced: nothing can be seen, which is what a missing file says.
  if (!(error instanceof SyscallError)) throw error;
  process.stderr.write(`tickproof: the program could not be watched: ${error.message}\n`);
  process.exit(1);
}

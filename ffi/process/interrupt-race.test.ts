/**
 * The race between a signal and the beginning of a wait, made deterministic: a second Bun waits, this one
 * traces it, and hands it the signal at each instruction of the window.
 */

import { expect, test } from "bun:test";
import { fixture, startTracee, type TestTracee } from "../_testing.ts";
import {
  clearInterrupt,
  close,
  installInterrupts,
  kill,
  memfdCreate,
  openMemory,
  PTRACE,
  PTRACE_O,
  pread,
  REG,
  restoreDefault,
  SIG,
  SYSCALLS,
  setOptions,
  setRegs,
  setTimer,
  UCONTEXT,
} from "../mod.ts";

/** Labels of the code under test, with their addresses in the fixture. */
interface Places {
  readonly [label: string]: number;
  readonly arm: number;
  readonly disarm: number;
  readonly wait_syscall: number;
  readonly handled: number;
}

/** The fixture, stopped at `arm`, the first instruction of the window. */
interface Waiter extends Disposable {
  readonly tracee: TestTracee;
  readonly places: Places;
  /** Lets it go with a signal; returns what its wait returned and what was pending then. */
  finish(signal: number): unknown;
}

const stopSignal = ({ control }: TestTracee) =>
  (control.status & 0xff) === 0x7f ? (control.status >> 8) & 0x7f : -1;
const rip = ({ control }: TestTracee) => Number(control.regs.u64[REG.rip]);

/** Runs on, passing signals on, until one of this number stops it; −1 is its end. */
function runTo(tracee: TestTracee, signal: number, deliver = 0): void {
  const { pid, control } = tracee;
  do {
    expect(control.resumeAndWait(PTRACE.CONT, pid, deliver, pid, 0)).toBe(pid);
    deliver = stopSignal(tracee);
    if (deliver === -1 && signal !== -1) throw new Error(`The fixture ended: status ${control.status}`);
  } while (deliver !== signal);
}

/** No wait here is longer: where the code under test loses a signal, the test fails and does not hang. */
const LIMIT_MS = 100_000;

function startWaiter(): Waiter {
  installInterrupts([SIG.SIGALRM]);
  setTimer(LIMIT_MS);
  const output = memfdCreate("waiter", 0);
  const [bun, file] = fixture("waiter.ts");
  const tracee = startTracee(bun, [file, String(output)], ["BUN_JSC_useConcurrentGC=0"]);
  const lines = () => {
    const bytes = new Uint8Array(4096);
    return new TextDecoder()
      .decode(bytes.subarray(0, pread(output, bytes, 0)))
      .trim()
      .split("\n");
  };
  setOptions(tracee.pid, PTRACE_O.EXITKILL); // the threads of the runtime are not traced
  runTo(tracee, SIG.SIGSTOP);
  const places: Places = JSON.parse(lines()[0]!);
  using memory = openMemory(tracee.pid);
  const original = memory.read(places.arm, 1).slice();
  memory.write(places.arm, Uint8Array.of(0xcc));
  runTo(tracee, SIG.SIGTRAP);
  memory.write(places.arm, original);
  tracee.control.regs.u64[REG.rip] = BigInt(places.arm);
  setRegs(tracee.pid, tracee.control.regs);
  return {
    tracee,
    places,
    finish(signal) {
      runTo(tracee, -1, signal);
      return JSON.parse(lines()[1]!);
    },
    [Symbol.dispose]() {
      setTimer(0);
      clearInterrupt();
      restoreDefault(SIG.SIGALRM);
      tracee[Symbol.dispose]();
      close(output);
    },
  };
}

function step({ pid, control }: TestTracee, signal = 0): void {
  control.resumeAndWait(PTRACE.SINGLESTEP, pid, signal, pid, 0);
  expect(control.status).toBe((SIG.SIGTRAP << 8) | 0x7f);
}

const INTERRUPTED = { result: -4, pending: SIG.SIGUSR1 };

test.each([0, 1, 2, 3, 4])("a signal %i instructions into the window makes wait() return -EINTR", (steps) => {
  using waiter = startWaiter();
  for (let done = 0; done < steps; done++) step(waiter.tracee);
  const at = rip(waiter.tracee);
  expect(at).toBeGreaterThanOrEqual(waiter.places.arm);
  expect(at === waiter.places.wait_syscall).toBe(steps === 4);
  expect(waiter.finish(SIG.SIGUSR1)).toEqual(INTERRUPTED);
});

test.each(["resume", "read"])(
  "ptrace (at '%s') that is broken off before it is made is made again",
  (label) => {
    using waiter = startWaiter();
    const { control, pid } = waiter.tracee;
    const { u64 } = control.regs;
    /** Runs to the next entry or exit of a system call. */
    const toCall = () => expect(control.resumeAndWait(PTRACE.SYSCALL, pid, 0, pid, 0)).toBe(pid);
    u64[REG.rip] = BigInt(waiter.places[label]!);
    u64[REG.rdi] = BigInt(PTRACE.PEEKUSER);
    setRegs(pid, control.regs);
    for (let times = 0; times < 3; times++) {
      toCall();
      expect(Number(u64[REG.orig_rax])).toBe(SYSCALLS.ptrace);
      // As a supervisor's filter leaves it that a signal has broken off: not made.
      u64[REG.orig_rax] = 0xffff_ffff_ffff_ffffn;
      setRegs(pid, control.regs);
      toCall();
      u64[REG.rax] = BigInt.asUintN(64, -4n);
      setRegs(pid, control.regs);
    }
  },
);

/** Brings the waiter into wait4, and out of it again by SIGUSR2, which is about to be delivered. */
function interruptCall({ tracee }: Waiter): void {
  const { pid, control } = tracee;
  control.resumeAndWait(PTRACE.SYSCALL, pid, 0, pid, 0);
  expect(Number(control.regs.u64[REG.orig_rax])).toBe(SYSCALLS.wait4);
  control.resume(PTRACE.CONT, pid, 0);
  kill(pid, SIG.SIGUSR2);
  expect(control.wait(pid, 0)).toBe(pid);
  expect(stopSignal(tracee)).toBe(SIG.SIGUSR2);
}

test("a signal inside wait4 ends it", () => {
  using waiter = startWaiter();
  interruptCall(waiter);
  // Not SIGUSR2 but the interrupt is delivered, into the sleeping call.
  expect(waiter.finish(SIG.SIGUSR1)).toEqual(INTERRUPTED);
});

test("a signal over another handler, which would restart wait4, ends it as well", () => {
  using waiter = startWaiter();
  const { tracee, places } = waiter;
  interruptCall(waiter);
  step(tracee, SIG.SIGUSR2);
  expect(rip(tracee)).toBe(places.handled);
  // The saved rip is the system call's again: when this handler returns, the kernel has it executed once more.
  using memory = openMemory(tracee.pid);
  const ucontext = Number(tracee.control.regs.u64[REG.rsp]) + 8;
  expect(memory.readU64(ucontext + UCONTEXT.rip)).toBe(BigInt(places.wait_syscall));
  // A stop at the start of a handler ignores the signal of a resumption (it is a ptrace_notify): send one.
  kill(tracee.pid, SIG.SIGUSR1);
  expect(waiter.finish(0)).toEqual(INTERRUPTED);
});

test("a signal after wait4 has returned does not lose its result", () => {
  using waiter = startWaiter();
  const { tracee, places } = waiter;
  const { control, pid } = tracee;
  // In place of executing the call: it has returned this task, with status "exited with 0".
  control.regs.u64[REG.rip] = BigInt(places.disarm);
  control.regs.u64[REG.rax] = 77n;
  setRegs(pid, control.regs);
  // `interrupts.waiting` is set, as if by the instructions that were left out.
  using memory = openMemory(pid);
  memory.write(Number(control.regs.u64[REG.r8]) + 16, Uint8Array.of(1, 0, 0, 0));
  expect(waiter.finish(SIG.SIGUSR1)).toEqual({ result: 77, pending: SIG.SIGUSR1 });
});

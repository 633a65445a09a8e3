/** What a program retires, by single steps of the kernel: another way to count what the engine's translations count. */
import { fullDecode } from "../engine/translate/full-decode.ts";
import { Kind } from "../engine/translate/instruction.ts";
import { openMemory, PTRACE, REG, SIG, spawnTraced, TraceeControl, unwrap } from "../ffi/mod.ts";

/** Counts of a whole run. */
export interface Stepped {
  instructions: number;
  conditional: number;
  /** Conditional branches that were taken. */
  taken: number;
  /** All near branches that were taken. */
  nearTaken: number;
  calls: number;
  returns: number;
  indirect: number;
  syscalls: number;
}

/** Longest x86 instruction. */
const LONGEST = 15;

/**
 * Steps a program from its first instruction to its end. It may not start others, nor repeat instructions (rep), of which
 * the kernel steps each turn.
 */
export function stepThrough(command: readonly string[]): Stepped {
  const [path = ""] = command;
  using control = new TraceeControl();
  const pid = spawnTraced({ path, argv: command, env: [] });
  unwrap("wait4", control.wait(pid, 0));
  const memory = openMemory(pid);
  const counts = {
    instructions: 0,
    conditional: 0,
    taken: 0,
    nearTaken: 0,
    calls: 0,
    returns: 0,
    indirect: 0,
    syscalls: 0,
  };
  try {
    let signal = 0;
    let pc = Number(control.regs.u64[REG.rip]);
    for (;;) {
      const instruction = fullDecode(memory.read(pc, LONGEST).slice(), 0, pc);
      unwrap("ptrace(SINGLESTEP)", control.resumeAndWait(PTRACE.SINGLESTEP, pid, signal, pid, 0));
      const stopped = (control.status & 0xff) === 0x7f;
      const stop = (control.status >> 8) & 0xff;
      const next = Number(control.regs.u64[REG.rip]);
      // A handler is entered: nothing has retired. So too where the instruction has raised a signal.
      const retired = signal === 0 && (!stopped || stop === SIG.SIGTRAP);
      signal = stopped && stop !== SIG.SIGTRAP ? stop : 0;
      if (retired && instruction) count(counts, instruction, next !== pc + instruction.length);
      if (!stopped) return counts;
      pc = next;
    }
  } finally {
    memory[Symbol.dispose]();
  }
}

function count(counts: Stepped, { kind }: { kind: Kind }, jumped: boolean): void {
  const isConditional = kind === Kind.Jcc || kind === Kind.Loop;
  counts.instructions++;
  if (kind === Kind.Syscall) counts.syscalls++;
  // An indirect jump may lead to what stands behind it.
  else if (kind !== Kind.Plain && (jumped || !isConditional)) counts.nearTaken++;
  if (isConditional) counts.conditional++;
  if (isConditional && jumped) counts.taken++;
  if (kind === Kind.Call || kind === Kind.CallIndirect) counts.calls++;
  if (kind === Kind.CallIndirect || kind === Kind.JmpIndirect) counts.indirect++;
  if (kind === Kind.Ret) counts.returns++;
}

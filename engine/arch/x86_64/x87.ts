/**
 * The x87 unit's pointer to its last instruction: an address of the code cache, which is to be the program's own wherever
 * the program can see it.
 */
import { getRegSet, NativeBuffer, NT, SIG, setRegSet } from "../../../ffi/mod.ts";
import { type Controller, request } from "../../tracee/controller.ts";
import { type Stepped, stepNatively } from "../../tracee/native-step.ts";
import type { Task } from "../../tracee/task.ts";
import type { TextGuard } from "../../tracee/text-guard.ts";
import type { CodeCache } from "../../translate/code-cache.ts";
import type { InstructionTrap } from "../../translate/traps.ts";
import { isX87Environment } from "../../translate/x87-emission.ts";
import { MOST_STATE } from "./vector-state.ts";

/** In words of eight bytes: the instruction and the data pointer of an XSAVE area (Intel SDM vol. 1, 10.5.1). */
const INSTRUCTION_POINTER = 1;
const DATA_POINTER = 2;
/** Offset of the last opcode, 16 bits. */
const OPCODE = 6;

let area: NativeBuffer | undefined;

/** Lets the unit of a stopped task name the program's instruction, where it names its translation. */
export function showFloatingPlace(task: Task, cache: CodeCache): void {
  change(task, (state) => {
    const pc = cache.placeOf(Number(state.u64[INSTRUCTION_POINTER]!));
    if (pc !== undefined) state.u64[INSTRUCTION_POINTER] = BigInt(pc);
    return pc !== undefined;
  });
}

/** Lets the unit of a stopped task know of no last instruction, as after fninit. */
export function forgetFloatingPlace(task: Task): void {
  change(task, (state) => {
    state.u64.fill(0n, INSTRUCTION_POINTER, DATA_POINTER + 1);
    state.view.setUint16(OPCODE, 0, true);
    return true;
  });
}

/**
 * Whether an instruction stores the unit's state: it is an event only where the state has something to tell that depends on
 * the processor, and the processor executes it in a replay, too.
 */
export function storesFloatingState({ name }: InstructionTrap): boolean {
  return isX87Environment(name);
}

/** Lets the processor execute such an instruction, which a task stands in front of. */
export function storeFloatingState(
  tracer: Controller,
  text: TextGuard,
  task: Task,
  trap: InstructionTrap,
): Stepped {
  const bytes = task.space.memory.read(trap.pc, trap.length).slice();
  return stepNatively(
    tracer,
    task,
    trap,
    bytes,
    ({ signal, address }) => signal === SIG.SIGSEGV && text.unguard(task, address),
  );
}

/** @param edit Changes the state; whether it has. */
function change(task: Task, edit: (state: NativeBuffer) => boolean): void {
  area ??= NativeBuffer.map(MOST_STATE);
  const state = area;
  request(task, (tid) => {
    const size = getRegSet(tid, NT.X86_XSTATE, state);
    if (edit(state)) setRegSet(tid, NT.X86_XSTATE, state, size);
  });
}

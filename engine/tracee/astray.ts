/**
 * Programs that leave their text: they fault as natively, at the place that the processor would name. The fault is the
 * processor's own, so that its address, code and frame are; only where it happens is another place in the code cache.
 *
 * A branch to an address that is none (its upper bits are not copies of one) is refused where it stands, and has moved no
 * stack pointer (Intel SDM vol. 2, "JMP", "CALL", "RET"; AMD's processors do the same). An instruction that runs into a page
 * which can't be executed faults where it begins, by the address of that page.
 */
import { Unsupported } from "../engine-error.ts";
import { CONTEXT } from "../translate/context.ts";
import { TextDecoder64 } from "../translate/decode.ts";
import { type Decoded, Kind } from "../translate/instruction.ts";
import { PAGE_SIZE } from "./mappings.ts";
import type { Task } from "./task.ts";

/** First address beyond the program's half of the address space, whatever the kernel's page tables are. */
const BEYOND = 2n ** 47n;
const RETURN_ADDRESS = 8n;
/** `ret imm16` has its operand behind the opcode. */
const RET_POPS = 0xc2;

/**
 * Where a task goes on whose next instruction can't be translated.
 *
 * @param target App pc of that.
 * @returns The address to let it run at, for the fault that it asked for.
 * @throws Unsupported for an address in the engine's own memory, which runs code here; natively there is none.
 */
export function astray(task: Task, target: number): number {
  const { space } = task;
  task.astray = undefined;
  if (space.holdsEngine(target, target + 1)) {
    throw new Unsupported(
      `Cannot go on: the program jumps to 0x${target.toString(16)}, where the engine's own memory lies and natively none is; ` +
        "its pointer is wrong, or it looks for the engine",
    );
  }
  const page = target - (target % PAGE_SIZE);
  const next = page + PAGE_SIZE;
  const isCut = target < BEYOND && space.fetchPage(page)?.length === PAGE_SIZE;
  if (!isCut || space.holdsEngine(next, next + 1)) return target;
  task.astray = { at: BigInt(next), pc: target };
  return next;
}

/**
 * The same for the target of an indirect branch, which is still in the context.
 *
 * @param target As the program has it.
 */
export function branchAstray(task: Task, target: bigint): bigint {
  if (target < BEYOND) return BigInt(astray(task, Number(target)));
  astray(task, Number(target));
  const branch = branchTo(task, target);
  if (branch === undefined) return target;
  const { cache } = task.space.cacheSpace;
  const gadget = BigInt(cache.branchGadget);
  task.astray = { at: gadget, pc: branch.pc, taken: { at: target, rsp: task.get("rsp") } };
  task.space.cacheSpace.setSpilled(CONTEXT.branchTarget, target);
  task.set("rsp", branch.rsp);
  return gadget;
}

/** The branch that a task has taken last, and its stack pointer before it. */
function branchTo(task: Task, target: bigint): { pc: number; rsp: bigint } | undefined {
  const { space } = task;
  const low = Number(space.cacheSpace.spilled(CONTEXT.branch) & 0xffffffffn);
  const text = new TextDecoder64((page) => space.fetchPage(page));
  for (const { start, end } of space.mappings.all) {
    const first = start - (start % 2 ** 32) + low;
    for (const pc of [first, first + 2 ** 32]) {
      if (pc < start || pc >= end) continue;
      const rsp = stackBefore(task, text.decode(pc), target);
      if (rsp !== undefined) return { pc, rsp };
    }
  }
  return undefined;
}

/** The stack pointer before a branch that has been taken; undefined if this one has not been. */
function stackBefore(task: Task, { kind, bytes, pc, length }: Decoded, target: bigint): bigint | undefined {
  const rsp = task.get("rsp");
  const at = (address: bigint): bigint | undefined => task.space.memory.readU64(Number(address));
  switch (kind) {
    case Kind.Ret: {
      const pops = length >= 3 && bytes[length - 3] === RET_POPS;
      const more = pops ? BigInt(bytes[length - 2]! | (bytes[length - 1]! << 8)) : 0n;
      const before = rsp - RETURN_ADDRESS - more;
      return at(before) === target ? before : undefined;
    }
    case Kind.CallIndirect:
      return at(rsp) === BigInt(pc + length) ? rsp + RETURN_ADDRESS : undefined;
    case Kind.JmpIndirect:
      return rsp;
    default:
      return undefined;
  }
}

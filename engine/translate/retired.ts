/**
 * What the program has retired, counted exactly: instructions, branches, loads and stores. Translations count them only
 * where somebody asks (`Noted.retired`), in memory of the context, behind the code that does them and in front of every
 * place where a task can be stopped: so at a stop the counters are those of the program's own position.
 *
 * A repeated string instruction is one instruction, one load and one store, however often it repeats; one that reads
 * memory twice is one load. So the processors' own events count (Intel's MEM_INST_RETIRED.ALL_LOADS: instructions that load).
 */
import { Decoder, DecoderOptions, FlowControl, InstructionInfoFactory, OpAccess } from "iced-x86";
import { type Decoded, Kind } from "./instruction.ts";
import { type Quantity, RETIRED } from "./retired-quantities.ts";

/** Kinds that never retire: there is nothing, or it faults. */
const NEVER: readonly Kind[] = [Kind.NoFetch, Kind.Invalid, Kind.Unsupported];
const LOADS: readonly OpAccess[] = [
  OpAccess.Read,
  OpAccess.CondRead,
  OpAccess.ReadWrite,
  OpAccess.ReadCondWrite,
];
const STORES: readonly OpAccess[] = [
  OpAccess.Write,
  OpAccess.CondWrite,
  OpAccess.ReadWrite,
  OpAccess.ReadCondWrite,
];
/** Branches that are near ones, if their kind is one of these; all others are far (iret, far calls, syscall). */
const NEAR: readonly Kind[] = [
  Kind.Jcc,
  Kind.Loop,
  Kind.Jmp,
  Kind.JmpIndirect,
  Kind.Call,
  Kind.CallIndirect,
  Kind.Ret,
];
const BRANCHES: readonly FlowControl[] = [
  FlowControl.UnconditionalBranch,
  FlowControl.IndirectBranch,
  FlowControl.ConditionalBranch,
  FlowControl.Return,
  FlowControl.Call,
  FlowControl.IndirectCall,
];

const info = new InstructionInfoFactory();

/** What an instruction adds when it retires; whether a conditional branch is taken shows behind it. */
function quantities({ kind, bytes, pc }: Decoded): readonly Quantity[] {
  const decoder = new Decoder(64, bytes, DecoderOptions.None);
  decoder.ip = BigInt(pc);
  const instruction = decoder.decode();
  const used = info.info(instruction);
  try {
    const memory = used.usedMemory();
    const access = memory.map((one) => one.access);
    for (const one of memory) one.free();
    const found: Quantity[] = ["instructions"];
    if (access.some((one) => LOADS.includes(one))) found.push("loads");
    if (access.some((one) => STORES.includes(one))) found.push("stores");
    const flow = instruction.flowControl;
    if (!BRANCHES.includes(flow)) return found;
    found.push("branches");
    if (!NEAR.includes(kind)) found.push("far");
    else if (flow === FlowControl.Return) found.push("returns");
    if (kind === Kind.Call || kind === Kind.CallIndirect) found.push("calls");
    if (kind === Kind.JmpIndirect || kind === Kind.CallIndirect) found.push("indirect");
    return found;
  } finally {
    used.free();
    instruction.free();
    decoder.free();
  }
}

/** What instructions add together, in the order of {@link RETIRED}. */
export function retiredBy(instructions: readonly Decoded[]): number[] {
  const sums: number[] = RETIRED.map(() => 0);
  for (const instruction of instructions) {
    if (NEVER.includes(instruction.kind)) continue;
    for (const quantity of quantities(instruction)) sums[RETIRED.indexOf(quantity)]!++;
  }
  return sums;
}

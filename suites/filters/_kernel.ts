/** Compares the engine's checking and running of filters with the kernel's. */
import { INSTRUCTION_BYTES, isFilter } from "../../engine/record/seccomp/bpf-program.ts";
import { runFilter, UNKNOWN } from "../../engine/record/seccomp/bpf-run.ts";
import { ACTION, filterData } from "../../engine/record/seccomp/filter-chain.ts";
import { ERRNO } from "../../ffi/mod.ts";
import { run } from "../_tickproof.ts";
import { type FilterCase, NO_CALL } from "./_cases.ts";

/** What `kernel_filter` says of a process that the filter has ended. */
const KILLED = -4096;

function encode({ program, args, runs }: FilterCase): Uint8Array {
  const bytes = new Uint8Array(8 + program.length * INSTRUCTION_BYTES + 8 * args.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, program.length, true);
  view.setUint32(4, runs ? 1 : 0, true);
  let at = 8;
  for (const { code, ifTrue, ifFalse, constant } of program) {
    view.setUint16(at, code, true);
    view.setUint8(at + 2, ifTrue);
    view.setUint8(at + 3, ifFalse);
    view.setUint32(at + 4, constant, true);
    at += INSTRUCTION_BYTES;
  }
  for (const value of args) {
    view.setBigUint64(at, value, true);
    at += 8;
  }
  return bytes;
}

/** What seccomp says, and what the call comes to where one is made, as the engine has it. */
function expected({ program, args, runs }: FilterCase, place: number): number[] {
  if (!isFilter(program)) return [-ERRNO.EINVAL];
  if (!runs) return [0];
  const verdict = runFilter(program, filterData(NO_CALL, place, args));
  if (verdict === UNKNOWN) throw new Error("the whole data of a call is not enough for a filter");
  if (verdict === 0) return [0, KILLED];
  return [0, verdict >>> 16 === ACTION.errno >>> 16 ? -(verdict & 0xffff) : Number.NaN];
}

/** @returns A line for each case of which the kernel says something else. */
export function differences(helper: string, cases: readonly FilterCase[]): string[] {
  const { exit, stdout, stderr } = run([helper], { stdin: Buffer.concat(cases.map(encode)) });
  if (stdout.length !== 8 + 8 * cases.length)
    throw new Error(`the kernel's part ended by ${JSON.stringify(exit)}: ${stderr}`);
  const place = Number(stdout.readBigUInt64LE(0));
  return cases.flatMap((each, i) => {
    const ours = expected(each, place);
    const theirs = [stdout.readInt32LE(8 + 8 * i), stdout.readInt32LE(12 + 8 * i)].slice(0, ours.length);
    if (ours.every((value, at) => value === theirs[at])) return [];
    return [`case ${i}: ${ours} here, ${theirs} by the kernel: ${JSON.stringify(each.program)}`];
  });
}

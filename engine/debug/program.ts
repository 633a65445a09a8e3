/** What a process of a replay was started as: its program's file and its auxiliary vector, from the event of its execve. */

import { RSP } from "../arch/x86_64/registers.ts";
import type { ReplayedTask } from "../replay/replayed-task.ts";
import type { ReplaySession } from "../replay/session.ts";
import type { ExecEvent } from "../trace/events.ts";

const AT_NULL = 0n;
const AT_PHDR = 3n;
/** Bytes of the stack that are looked at: more than arguments and environment may have (execve(2): a quarter of 8 MiB). */
const MOST_STACK = 1 << 22;

/** The auxiliary vector as the kernel has put it on the stack (getauxval(3)). */
export function auxvOf(exec: ExecEvent): Uint8Array {
  const words = stackOf(exec);
  let at = 1 + Number(words[0] ?? 0n) + 1;
  while (at < words.length && words[at] !== 0n) at++;
  const start = ++at;
  while (at < words.length && words[at] !== AT_NULL) at += 2;
  const vector = words.slice(start, at + 2);
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}

/** The words on the stack of a program that begins. */
function stackOf({ registers, writes }: ExecEvent): BigUint64Array {
  const rsp = Number(registers[RSP]!);
  const write = writes.find(({ address, bytes }) => rsp >= address && rsp < address + bytes.length);
  if (write === undefined) return new BigUint64Array(0);
  const from = rsp - write.address;
  const bytes = Uint8Array.from(write.bytes.subarray(from, from + MOST_STACK));
  return new BigUint64Array(bytes.buffer, 0, Math.floor(bytes.length / 8));
}

/** The path of the program's file as the program saw it. */
export function programPath(session: ReplaySession, task: ReplayedTask): string {
  const exec = session.programs.get(task.process.id);
  if (exec === undefined) return "";
  const auxv = auxvOf(exec);
  const words = new BigUint64Array(auxv.slice().buffer);
  let headers = 0n;
  for (let i = 0; i + 1 < words.length; i += 2) if (words[i] === AT_PHDR) headers = words[i + 1]!;
  const mapping = exec.mappings.find(({ start, end }) => headers >= BigInt(start) && headers < BigInt(end));
  return (mapping && session.reader.files[mapping.file]?.path) ?? exec.path;
}

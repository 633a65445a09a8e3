/** Memory of a tracer that its requests are about: what they give it, and what it gives them. */
import { ERRNO } from "../../../ffi/mod.ts";
import type { RecordedTask } from "../recorded-task.ts";

/** Bytes of a word. */
export const WORD = 8;

/** Puts bytes where a tracer wants them. @returns The result of its call. */
export function give({ space }: RecordedTask, at: bigint, bytes: Uint8Array): number {
  if (bytes.length === 0) return 0;
  const address = Number(at);
  const given = bytes.slice();
  if (!space.writable(address) || space.memory.read(address, given.length).length < given.length)
    return -ERRNO.EFAULT;
  space.memory.write(address, given);
  return 0;
}

/** Bytes that a tracer has given; undefined where they can't be read. */
export function taken({ space }: RecordedTask, at: bigint, length: number): Uint8Array | undefined {
  const bytes = space.memory.read(Number(at), length);
  return bytes.length < length ? undefined : bytes.slice();
}

/** The bytes of a word. */
export const wordOf = (value: bigint): Uint8Array => new Uint8Array(new BigUint64Array([value]).buffer);

/** The bytes of registers. */
export const bytesOf = (registers: BigUint64Array): Uint8Array => new Uint8Array(registers.slice().buffer);

/** struct ptrace_rseq_configuration (linux/ptrace.h): where the area is, its size, its signature, and no flags. */
export function rseqConfiguration({ restartable }: RecordedTask): Uint8Array {
  const view = new DataView(new ArrayBuffer(24));
  if (restartable) {
    view.setBigUint64(0, BigInt(restartable.address), true);
    view.setUint32(8, restartable.length, true);
    view.setUint32(12, restartable.signature, true);
  }
  return new Uint8Array(view.buffer);
}

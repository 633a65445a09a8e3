/**
 * Calls whose own effect the recorder could not follow, or that tell of the engine, and what stands in for it. An interceptor.
 *
 * Memory of memfd_secret can't be read by anybody but the program, the kernel and a tracer included: the program gets an
 * ordinary file in memory, where the kernel would give it a secret one. PR_GET_AUXV tells what the stack does, but for the
 * vdso that the engine has taken away.
 */
import { AT, MFD, SYSCALLS } from "../../ffi/mod.ts";
import { BUFFERED, type BufferedCall } from "../kernel/mod.ts";
import type { Tracer } from "../tracee/tracer.ts";
import type { Call } from "./call.ts";
import type { Answer, Interceptor } from "./interceptor.ts";
import type { RecordedTask } from "./recorded-task.ts";

const PR_GET_AUXV = 0x41555856;
/** What /proc would call a descriptor of memfd_secret. */
const SECRET_NAME = "secretmem";
/** Bytes of an entry of the auxiliary vector: type and value. */
const AUXV_ENTRY = 16;

/** Answers and mends such calls. */
export class StandIns implements Interceptor {
  constructor(private readonly recording: { readonly tracer: Tracer }) {}

  spares(): readonly BufferedCall[] {
    return BUFFERED;
  }

  answers(task: RecordedTask, call: Call): Answer | undefined {
    if (call.number !== SYSCALLS.memfd_secret) return undefined;
    return () => this.secretFile(task, call.int(0));
  }

  leaves(task: RecordedTask, call: Call): void {
    if (call.number === SYSCALLS.prctl && call.int(0) === PR_GET_AUXV && call.result > 0)
      hideVdso(task, call.argument(1), Math.min(call.argument(2), call.result));
  }

  /** The kernel says whether it would give such a file: it need not have them, or know the flags. */
  private secretFile(task: RecordedTask, flags: number): number {
    const { tracer } = this.recording;
    const secret = tracer.inject(task, SYSCALLS.memfd_secret, flags);
    if (secret < 0) return secret;
    tracer.inject(task, SYSCALLS.close, secret);
    const name = tracer.mapper.scratchString(task.space.cacheSpace, SECRET_NAME);
    return tracer.inject(task, SYSCALLS.memfd_create, name, flags === 0 ? 0 : MFD.CLOEXEC);
  }
}

/** Takes the vdso out of an auxiliary vector in memory. */
function hideVdso({ space }: RecordedTask, start: number, length: number): void {
  const { memory } = space;
  for (let at = start; at + AUXV_ENTRY <= start + length; at += AUXV_ENTRY) {
    if (memory.readU64(at) !== BigInt(AT.SYSINFO_EHDR)) continue;
    memory.write(at, new Uint8Array(new BigUint64Array([BigInt(AT.IGNORE)]).buffer));
  }
}

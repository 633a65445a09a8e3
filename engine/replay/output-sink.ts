/** Where the output of a replayed program goes: whoever drives the replay decides. */
import { ERRNO, SyscallError, writeSome } from "../../ffi/mod.ts";

/** A standard stream that a program writes to. */
export type OutputStream = 1 | 2;

/**
 * Takes what the program writes, in the order in which it does.
 *
 * @param bytes Good until it returns.
 * @param interrupted To be called when a signal breaks into a wait for whoever reads: it ends the replay by what it throws,
 *   or lets it go on.
 */
export type OutputSink = (stream: OutputStream, bytes: Uint8Array, interrupted: () => void) => void;

/** Shows the program's output as this process's own. */
export function toStandardStreams(stream: OutputStream, bytes: Uint8Array, interrupted: () => void): void {
  for (let done = 0; done < bytes.length; ) {
    const result = writeSome(stream, bytes.subarray(done));
    if (result >= 0) done += result;
    else if (result === -ERRNO.EINTR) interrupted();
    // Nobody reads any more: the replay goes on unheard.
    else if (result === -ERRNO.EPIPE) return;
    else throw new SyscallError(`write to standard ${stream === 2 ? "error" : "output"}`, -result);
  }
}

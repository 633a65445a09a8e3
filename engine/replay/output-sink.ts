/** Where the output of a replayed program goes: whoever drives the replay decides. */
import { writeSync } from "node:fs";

/** A standard stream that a program writes to. */
export type OutputStream = 1 | 2;

/**
 * Takes what the program writes, in the order in which it does.
 *
 * @param bytes Good until it returns.
 */
export type OutputSink = (stream: OutputStream, bytes: Uint8Array) => void;

/** Shows the program's output as this process's own. */
export function toStandardStreams(stream: OutputStream, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(stream, bytes, done);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EAGAIN") continue;
      // Nobody reads any more: the replay goes on unheard.
      if (code === "EPIPE") return;
      throw error;
    }
  }
}

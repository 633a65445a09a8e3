/** The monitor of what leads to the recorder's own output: pipes, files and terminals (`stream.ts`). */
import { bytesSent, movesTo } from "../../kernel/mod.ts";
import { collect, hashOutput } from "../../session/output.ts";
import type { Call } from "../call.ts";
import type { RecordedTask } from "../recorded-task.ts";
import type { FileMonitor } from "./monitor.ts";
import type { Stream } from "./stream.ts";

/** What an event says of output. */
export interface Shown {
  stream: Stream;
  outputHash: bigint;
  /** What has gone out, good until memory is read again. */
  bytes: Uint8Array;
}

/** Tells what goes out to the recorder's own output. */
export class OutputMonitor implements FileMonitor {
  /** Bytes that never pass through the program's memory could not be shown again: it has to write them itself. */
  answers(task: RecordedTask, call: Call): number | undefined {
    const moves = call.spec && movesTo(call.spec, call);
    return moves && streamOf(task, moves.fd) !== 0 ? -moves.errno : undefined;
  }

  /** Whether a call at its entry would write to the output. */
  shows(task: RecordedTask, call: Call): boolean {
    const { sends } = call.spec ?? {};
    return sends !== undefined && streamOf(task, call.int(sends.fd)) !== 0;
  }

  /** What a call that has ended has put out; undefined if nothing. */
  shown(task: RecordedTask, call: Call): Shown | undefined {
    const sent = call.spec && bytesSent(call.spec, call);
    const stream = sent === undefined ? 0 : streamOf(task, sent.fd);
    if (sent === undefined || stream === 0) return undefined;
    const bytes = collect(sent.ranges, (address, length) => task.space.memory.read(address, length));
    return { stream, outputHash: hashOutput(bytes), bytes };
  }
}

function streamOf({ descriptors, tid }: RecordedTask, fd: number): Stream {
  return descriptors.stream(tid, fd);
}

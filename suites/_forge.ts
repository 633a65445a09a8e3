/** Forges traces: writes one again with an event changed, for tests of what replay finds out. */
import { type TraceEvent, TraceReader, TraceWriter } from "../engine/trace/mod.ts";

/**
 * Writes a trace again.
 *
 * @param original Folder of a trace.
 * @param trace Folder to write, which must not exist; the files that the program mapped are kept in `${trace}-store`.
 * @param change Changes the first event that it wants to, and says that it did.
 * @returns The index of the changed event; -1 if there is none.
 */
export function rewriteTrace(
  original: string,
  trace: string,
  change: (event: TraceEvent) => boolean,
): { trace: string; index: number } {
  const reader = TraceReader.open(original);
  const writer = TraceWriter.create(trace, reader.meta, { store: `${trace}-store` });
  reader.files.forEach((file, i) => {
    writer.addFile({ path: reader.filePath(i), name: file.path });
  });
  let index = -1;
  for (let event = reader.next(); event; event = reader.next()) {
    if (index < 0 && change(event)) index = reader.position;
    writer.write(event);
  }
  writer.close();
  reader.close();
  return { trace, index };
}

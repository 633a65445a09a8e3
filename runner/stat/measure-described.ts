/**
 * One run of a program on a described host, recorded by the engine, under counters of the host's model: exact where the
 * engine counts what they count. What is kept of the recording is nothing.
 */

import { type Certainty, createHostModel, type HostModel, type HostProfile } from "../../engine/host/mod.ts";
import { EngineError, record } from "../../engine/mod.ts";
import { resourceUsage } from "../../ffi/mod.ts";
import { Scratch } from "../files/mod.ts";
import type { StatRow } from "./events.ts";
import type { StatRun } from "./measure.ts";
import { closeRows, enableRows, type OpenRow, openRows, readRow } from "./open.ts";

/** Room for a trace that nobody reads. */
const TRACE_BYTES = 1 << 20;

/** How far each counter of a row can be believed, at worst; undefined for a row without counters. */
function certaintyOf(model: HostModel, { counters }: OpenRow): Certainty | undefined {
  const known = counters.map(({ fd }) => model.certainty(fd));
  return (["unknown", "estimated", "exact"] as const).find((certainty) => known.includes(certainty));
}

/**
 * Runs a program to its end, or until it is interrupted.
 *
 * @param profile The host. Each run begins right after its start.
 * @param rowsOf What to count, by the names of that host.
 * @throws {EngineError} When the program can't be started, or not recorded to its end.
 * @throws {SyscallError} When the host refuses to count.
 */
export function measureDescribed(
  command: readonly string[],
  profile: HostProfile,
  rowsOf: (host: HostModel) => readonly StatRow[],
): StatRun {
  const model = createHostModel(profile);
  const rows = rowsOf(model);
  using scratch = new Scratch("stat");
  let open: OpenRow[] = [];
  try {
    const before = resourceUsage("children");
    const start = Bun.nanoseconds();
    const result = record({
      command: [...command],
      directory: scratch.file("trace"),
      quiet: true,
      maxBytes: TRACE_BYTES,
      host: model,
      onStart: (task) => {
        model.switchIn(task);
        open = openRows(rows, [{ inherit: true }], { system: model.perfFor(task), host: model });
        enableRows(open, true);
      },
    });
    const elapsed = (Bun.nanoseconds() - start) / 1e9;
    if (result.outcome === "unsupported") throw new EngineError(`Cannot count: ${result.message}`);
    const after = resourceUsage("children");
    const { exit } = result;
    const interrupted =
      result.outcome === "interrupted" && exit && "signal" in exit ? exit.signal : undefined;
    return {
      end:
        exit && "code" in exit
          ? { kind: "exited", code: exit.code }
          : { kind: "killed", signal: exit?.signal ?? 0, core: false },
      interrupted,
      elapsed,
      user: (after.user - before.user) / 1e6,
      system: (after.system - before.system) / 1e6,
      rows: open.map((row) => {
        const certainty = certaintyOf(model, row);
        return { name: row.name, reading: readRow(row), ...(certainty && { certainty }) };
      }),
    };
  } finally {
    closeRows(open);
  }
}

/** `tickproof debug`: gdb on a recording, with the recorded program's own files. */
import { defineCommand } from "../args/mod.ts";
import { SIGNAL_BASE } from "../errors/mod.ts";
import { findTrace } from "../files/mod.ts";
import { PLACE_OPTIONS, placeOf } from "./_debug-options.ts";
import { gdbCommand } from "./_gdb.ts";

export const debug = defineCommand({
  name: "debug",
  summary: "Look into a recording with gdb, forward and back",
  details: [
    "Starts gdb where the program has failed, or else at its end: break, step, continue and reverse-* of each go through",
    "the recording as often as you like. What the program writes is shown once, when it is come by.",
    "Words behind -- are for gdb. See docs/debugging.md.",
  ].join("\n"),
  options: {
    ...PLACE_OPTIONS,
    gdb: { kind: "text", value: "PROGRAM", help: "the gdb to start (default: gdb)" },
  },
  positionals: { usage: "[DIR | TEST] [-- GDB-ARGS…]", min: 0, max: Number.POSITIVE_INFINITY },
  async run({ options, positionals }) {
    const [path, ...words] = positionals;
    const at = options.at ?? "failure";
    await placeOf(at);
    const command = gdbCommand({ ...options, trace: findTrace(path), at });
    // Ctrl-C is gdb's.
    const ignore = (): void => {};
    process.on("SIGINT", ignore);
    const started = Bun.spawn([...command, ...words], { stdio: ["inherit", "inherit", "inherit"] });
    const code = await started.exited;
    process.off("SIGINT", ignore);
    return started.signalCode === null ? code : SIGNAL_BASE + 2;
  },
});

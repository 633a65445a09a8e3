/** `tickproof debug`: gdb on a recording, with the recorded program's own files. */
import { resolve } from "node:path";
import { defineCommand } from "../args/mod.ts";
import { SIGNAL_BASE, UsageError } from "../errors/mod.ts";
import { findTrace } from "../files/mod.ts";
import { quote } from "../reporters/replay-command.ts";
import { PLACE_OPTIONS, placeOf } from "./_debug-options.ts";

const CLI = resolve(import.meta.dir, "../cli.ts");
const COMMANDS = resolve(import.meta.dir, "../../engine/debug/gdb/commands.gdb");

/** Seconds that gdb waits for the replay to get to its place. */
const PATIENCE = 3600;

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
    const gdb = Bun.which(options.gdb ?? "gdb");
    if (gdb === null) {
      throw new UsageError(
        `${options.gdb ?? "gdb"} is not here: install gdb (apt-get install gdb), or let an editor connect to 'tickproof gdbserver'`,
      );
    }
    const process_ = options.process === undefined ? [] : [`--process=${options.process}`];
    const server = [
      process.execPath,
      CLI,
      "gdbserver",
      "--stdio",
      `--at=${at}`,
      ...process_,
      findTrace(path),
    ];
    const target = `target remote | exec ${server.map(quote).join(" ")}`;
    // Ctrl-C is gdb's.
    const ignore = (): void => {};
    process.on("SIGINT", ignore);
    const started = Bun.spawn(
      [gdb, "-q", "-x", COMMANDS, "-ex", `set remotetimeout ${PATIENCE}`, "-ex", target, ...words],
      {
        stdio: ["inherit", "inherit", "inherit"],
      },
    );
    const code = await started.exited;
    process.off("SIGINT", ignore);
    return started.signalCode === null ? code : SIGNAL_BASE + 2;
  },
});

/** `tickproof gdbserver`: a recording behind gdb's remote protocol, for gdb and for editors that speak it. */
import { acceptClient, close, listenOnLoopback, pendingInterrupt } from "../../ffi/mod.ts";
import { defineCommand } from "../args/mod.ts";
import { OK, SIGNAL_BASE, UsageError } from "../errors/mod.ts";
import { findTrace } from "../files/mod.ts";
import { say } from "../output/mod.ts";
import { exitCodeOf, isEnding, PLACE_OPTIONS, placeOf } from "./_debug-options.ts";

export const gdbserver = defineCommand({
  name: "gdbserver",
  summary: "Serve a recording to gdb, or to an editor, over gdb's remote protocol",
  details: [
    "Listens on 127.0.0.1 for one client and says at which port; with --stdio the client is at standard input and output.",
    "Breakpoints, steps and reverse-* are those of the recorded process; nothing outside is touched.",
    "See docs/debugging.md.",
  ].join("\n"),
  options: {
    ...PLACE_OPTIONS,
    port: { kind: "count", value: "N", help: "the port to listen at; any that is free by default" },
    stdio: { kind: "flag", help: "speak on standard input and output" },
  },
  positionals: { usage: "[DIR | TEST]", min: 0, max: 1 },
  async run({ options, positionals: [path] }) {
    const { stdio, port } = options;
    if (stdio && port !== undefined) throw new UsageError("--port and --stdio exclude each other");
    const engine = await import("../../engine/mod.ts");
    const { serveGdb } = await import("../../engine/debug/mod.ts");
    const served = {
      directory: findTrace(path),
      at: await placeOf(options.at ?? "start"),
      process: options.process,
    };
    using _ = engine.catchInterrupts();
    // Noted at once: nothing is pending any more when the replay has ended.
    let ending = 0;
    const isEnded = (): boolean => {
      if (ending === 0 && isEnding(pendingInterrupt())) ending = pendingInterrupt();
      return ending !== 0;
    };
    let client: number | undefined;
    const connect = (): { input: number; output: number } | undefined => {
      if (stdio) return { input: 0, output: 1 };
      client = acceptOne(port ?? 0, isEnded);
      return client === undefined ? undefined : { input: client, output: client };
    };
    try {
      serveGdb({ ...served, connect, isEnded });
      return ending === 0 ? OK : SIGNAL_BASE + ending;
    } catch (error) {
      return await exitCodeOf(error);
    } finally {
      if (client !== undefined) close(client);
    }
  },
});

/** Waits for a client. @returns Its socket; undefined if it is to wait no longer. */
function acceptOne(port: number, isEnded: () => boolean): number | undefined {
  const listener = listenOnLoopback(port);
  try {
    say(`tickproof: gdb can connect: target remote localhost:${listener.port}\n`);
    let client = -1;
    while (client < 0 && !isEnded()) client = acceptClient(listener);
    return client < 0 ? undefined : client;
  } finally {
    close(listener.fd);
  }
}

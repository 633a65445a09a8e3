/** Debugging a recording: the door of this folder. */
import { Debugger } from "./debugger.ts";
import { PacketChannel } from "./gdb/packet-channel.ts";
import { GdbServer } from "./gdb/server.ts";
import { goTo, NoSuchPlace, type Place } from "./place.ts";
import { processAt } from "./stacks.ts";

export { Interrupted } from "../interrupts.ts";
export { NoSuchPlace, PLACES, type Place, parsePlace } from "./place.ts";
export { type Stacks, stacksAt, type TaskStack } from "./stacks.ts";
export { CannotWatch, type Writer, type Writers, writersOf } from "./writers.ts";

/** Descriptors of a client, whoever closes them. */
export interface Client {
  input: number;
  output: number;
}

/** What is served, and to whom. */
export interface ServeOptions {
  /** Folder of the trace. */
  directory: string;
  /** Gives the client's descriptors, when the replay is at its place: clients wait for some seconds only. */
  connect(): Client | undefined;
  at: Place;
  /** The process, by its id in the recording. @default as {@link processAt} says */
  process?: number | undefined;
  /** Asked while nothing happens: whether to end. */
  isEnded(): boolean;
}

/**
 * Serves gdb's remote protocol over a replay to one client, until that goes. Blocks.
 *
 * @throws TraceError, EngineError as a replay does, Divergence where it differs from the recording, NoSuchPlace.
 */
export function serveGdb({ directory, connect, at, process, isEnded }: ServeOptions): void {
  let channel: PacketChannel | undefined;
  let server: GdbServer | undefined;
  using replay = new Debugger({
    directory,
    process: process ?? processAt(directory, at),
    output: (_, bytes) => server?.showOutput(bytes),
    wantsPause: () => channel?.takesInterrupt() ?? false,
  });
  if (!replay.begin()) throw new NoSuchPlace(`the recording has no process ${process}`);
  goTo(replay, at);
  const client = connect();
  if (client === undefined) return;
  channel = new PacketChannel(client.input, client.output, isEnded);
  using serving = new GdbServer(channel, replay);
  server = serving;
  serving.serve();
}

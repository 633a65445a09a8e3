/** Debugging a recording: the door of this folder. */
import { debuggerAt, type PlaceOptions } from "./at-place.ts";
import { PacketChannel } from "./gdb/packet-channel.ts";
import { GdbServer } from "./gdb/server.ts";

export { Interrupted } from "../interrupts.ts";
export type { Awaited } from "./awaited.ts";
export { NoSuchPlace, PLACES, type Place, parsePlace } from "./place.ts";
export { type Stacks, stacksAt, type TaskStack } from "./stacks.ts";
export { type ProcessState, stateAt } from "./state.ts";
export { type Meeting, meetingAt, type TaskAt } from "./turns.ts";
export { awaitedTask, type WaitingTask, type Waits, waitsAt } from "./waits.ts";
export { CannotWatch, type Writer, type Writers, writersOf } from "./writers.ts";

/** Descriptors of a client, whoever closes them. */
export interface Client {
  input: number;
  output: number;
}

/** What is served, and to whom. */
export interface ServeOptions extends PlaceOptions {
  /** Gives the client's descriptors, when the replay is at its place: clients wait for some seconds only. */
  connect(): Client | undefined;
  /** Asked while nothing happens: whether to end. */
  isEnded(): boolean;
}

/**
 * Serves gdb's remote protocol over a replay to one client, until that goes. Blocks.
 *
 * @throws TraceError, EngineError as a replay does, Divergence where it differs from the recording, NoSuchPlace.
 */
export function serveGdb(options: ServeOptions): void {
  const { connect, isEnded } = options;
  let channel: PacketChannel | undefined;
  let server: GdbServer | undefined;
  using replay = debuggerAt(options, {
    output: (_, bytes) => server?.showOutput(bytes),
    wantsPause: () => channel?.takesInterrupt() ?? false,
  });
  const client = connect();
  if (client === undefined) return;
  channel = new PacketChannel(client.input, client.output, isEnded);
  using serving = new GdbServer(channel, replay);
  server = serving;
  serving.serve();
}

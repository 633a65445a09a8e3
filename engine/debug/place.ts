/** Places of a recording by name: where a debugger begins. */
import { signalName, waitStatus } from "../../ffi/mod.ts";
import { eventCount, type TraceEvent } from "../trace/mod.ts";
import type { Debugger } from "./debugger.ts";
import type { EventIndex } from "./event-index.ts";

/** Where to begin. */
export type Place =
  | { kind: "start" | "end" | "failure" }
  | { kind: "event"; index: number }
  /** Of the process's first thread. */
  | { kind: "tick"; ticks: number }
  /** The last signal that the process has got; of that name, if there is one. */
  | { kind: "signal"; name?: string };

/** The forms of {@link parsePlace}. */
export const PLACES = "start, end, failure, EVENT, tick:N, signal or signal:NAME";

/** Reads a place. @returns undefined if it is none. */
export function parsePlace(text: string): Place | undefined {
  if (text === "start" || text === "end" || text === "failure") return { kind: text };
  if (text === "signal") return { kind: "signal" };
  const [kind, value = ""] = text.split(":");
  if (kind === "signal" && /^SIG[A-Z0-9+]+$/.test(value)) return { kind, name: value };
  if (kind === "tick" && /^\d{1,15}$/.test(value)) return { kind, ticks: Number(value) };
  return /^\d{1,15}$/.test(text) ? { kind: "event", index: Number(text) } : undefined;
}

/** A place that the recording does not have; the message says why. */
export class NoSuchPlace extends Error {}

/** The process that has failed first: that has died of a signal, or if none has, that has ended with a code other than 0. */
export function failedProcess(events: EventIndex): number | undefined {
  const found = events.first(isFatal) ?? events.first(isBadEnd);
  return found && events.processOf(found.event.task);
}

function isFatal(event: TraceEvent): boolean {
  return event.kind === "signal" && event.disposition === "fatal";
}

function isBadEnd(event: TraceEvent): boolean {
  if (event.kind !== "exit") return false;
  const ended = waitStatus(event.status);
  return ended.kind === "exited" && ended.code !== 0;
}

/**
 * Puts a replay at a place.
 *
 * @throws NoSuchPlace
 */
export function goTo(replay: Debugger, place: Place): void {
  const { events } = replay;
  const isOurs = (event: TraceEvent) => events.processOf(event.task) === replay.process;
  switch (place.kind) {
    case "start":
      replay.seekStart();
      return;
    case "end":
      replay.seekEnd();
      return;
    case "event": {
      const { first } = replay;
      const { count } = events;
      if (place.index >= count - 1) throw new NoSuchPlace(`the recording has events up to ${count - 2}`);
      if (place.index < first) throw new NoSuchPlace(`the process begins at event ${first}`);
      // Of calls without a stop, to the first of them.
      const at = events.first((event, index) => index + eventCount(event) > place.index);
      replay.seekEvent(Math.max(first, at?.index ?? place.index));
      if (replay.tasks.length === 0) throw new NoSuchPlace("the process has ended by then");
      return;
    }
    case "tick":
      replay.seekTicks(place.ticks);
      return;
    case "signal": {
      const found = events.lastBefore(events.count, (event) => {
        const isMeant =
          place.name === undefined || (event.kind === "signal" && signalName(event.signal) === place.name);
        return event.kind === "signal" && isOurs(event) && isMeant;
      });
      if (found === undefined) throw new NoSuchPlace(`the process gets no ${place.name ?? "signal"}`);
      replay.seekEvent(found.index);
      return;
    }
    case "failure": {
      const fatal = events.lastBefore(events.count, (event) => isFatal(event) && isOurs(event));
      if (fatal) replay.seekEvent(fatal.index);
      else replay.seekEnd();
    }
  }
}

/** Events that happen at a point. */
import type { RegistersEvent, SignalEvent, SwitchEvent, TraceEvent } from "../trace/events.ts";

/** See the file's head. */
export type PointEvent = SwitchEvent | SignalEvent | RegistersEvent;

/** How many branches may be counted on the way to an event that come behind it: that of the block which it is in. */
export function countedAhead(event: TraceEvent): number {
  return "point" in event && (event.point === "fault" || event.point === "place") ? 1 : 0;
}

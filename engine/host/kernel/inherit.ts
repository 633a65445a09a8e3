/** Events that go on in children (`inherit`). Source: kernel/events/core.c (perf_event_init_task, inherit_group). */
import { hardwareEvent } from "../pmu/driver.ts";
import type { Contexts } from "./contexts.ts";
import { Event, firstPeriod } from "./event.ts";
import type { Total } from "./reading.ts";

/** A fresh event of the child that counts for the one that it comes from. */
function childOf(
  event: Event,
  contexts: Contexts,
  task: number,
  leader: Event | undefined,
  id: number,
): Event {
  const { attr, cpu, source } = event;
  const layout = contexts.layout;
  const own =
    source.kind === "hardware" && layout
      ? { kind: source.kind, event: hardwareEvent(layout, source.event.selection, firstPeriod(attr)) }
      : source;
  const parent = event.parent ?? event;
  const child = new Event({ id, attr, context: contexts.ofTask(task), cpu, leader, source: own, parent });
  child.setPeriod(event.samplePeriod);
  // It is on if what it comes from is on, however that was opened.
  child.state = event.state === "active" || event.state === "inactive" ? "inactive" : "off";
  parent.children.push(child);
  return child;
}

/** Makes the events that a task's new child inherits; leaders first. */
export function* inherit(
  contexts: Contexts,
  parent: number,
  child: number,
  nextId: () => number,
): Generator<Event> {
  for (const leader of [...contexts.ofTask(parent).leaders]) {
    if (!leader.attr.has("inherit")) continue;
    const copy = childOf(leader, contexts, child, undefined, nextId());
    yield copy;
    for (const sibling of leader.siblings) yield childOf(sibling, contexts, child, copy, nextId());
  }
}

/** The task of an inherited event ends: what it has counted goes to the one that it comes from. */
export function giveBack(event: Event, parent: Event, { count, enabled, running }: Total): void {
  parent.childCount += count;
  parent.childEnabled += enabled;
  parent.childRunning += running;
  parent.children.splice(parent.children.indexOf(event), 1);
}

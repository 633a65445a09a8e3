/** Finds what tasks touch besides memory (`things.ts`) at the events of a replay. */
import { syscallSpec } from "../kernel/mod.ts";
import type { ReplayedTask } from "../replay/replayed-task.ts";
import { StoppedCall } from "../session/stopped-call.ts";
import type { TraceEvent } from "../trace/events.ts";
import type { Debugger } from "./debugger.ts";
import { type Doer, openedName, type Thing, thingsOfCall, thingsOfEvent } from "./things.ts";

/** A descriptor that the program was started with is of no file that it has a name for. */
const STANDARD_STREAMS = 3;

/** Asks events, and those before them: where a descriptor was opened tells what its file is called. */
export class ThingLog {
  /** Names of files by the events that have opened them; undefined where none is told. */
  readonly #names = new Map<number, string | undefined>();

  constructor(private readonly replay: Debugger) {}

  /** What the task of the next event touches there, which stands in front of it. */
  at(task: ReplayedTask, next: TraceEvent): Thing[] {
    const { events } = this.replay;
    const doer: Doer = {
      process: task.process.id,
      cwd: events.meta.cwd,
      processOf: (id) => events.processOf(id),
      parentOf: (process) => events.parentOf(process),
    };
    if (next.kind !== "syscall") return thingsOfEvent(next, doer);
    return thingsOfCall(callAt(task, next.number, Number(next.result)), doer);
  }

  /** The event by which a process, or one that it comes from, has opened a descriptor; undefined where none is known. */
  openingOf(descriptor: number, process: number, before: number): number | undefined {
    if (descriptor < STANDARD_STREAMS) return undefined;
    const { events } = this.replay;
    const line = new Set<number>();
    for (let at: number | undefined = process; at !== undefined; at = events.parentOf(at)) line.add(at);
    const found = events.lastBefore(before, (event) => {
      if (event.kind !== "syscall" || Number(event.result) !== descriptor) return false;
      return (
        line.has(events.processOf(event.task)) && syscallSpec(event.number)?.descriptors?.kind === "given"
      );
    });
    const isOpening = found?.event.kind === "syscall" && syscallSpec(found.event.number)?.opens !== undefined;
    return isOpening ? found.index : undefined;
  }

  /** The name of what an event has opened. The replay is there then. */
  nameOf(opening: number): string | undefined {
    if (!this.#names.has(opening)) this.#names.set(opening, this.#find(opening));
    return this.#names.get(opening);
  }

  #find(opening: number): string | undefined {
    const { events, playhead } = this.replay;
    playhead.seekEvent(opening, true);
    const { next, runner } = playhead;
    if (next?.kind !== "syscall" || runner === undefined) return undefined;
    const spec = syscallSpec(next.number);
    return spec && openedName(spec, callAt(runner, next.number, Number(next.result)), events.meta.cwd);
  }
}

/** The call at which a task stands, with its result. */
function callAt(task: ReplayedTask, number: number, result: number): StoppedCall {
  const call = new StoppedCall(number, task.programRegisters, task.space);
  call.result = result;
  return call;
}

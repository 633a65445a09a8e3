/**
 * Who waits for whom at a place of a recording that hangs: what each task waits for, who has it, and how it came to that, as far as
 * watchpoints tell on the way back: where the owner of a lock has taken it, and who has touched last what somebody sleeps on.
 */
import type { ReplayedTask } from "../replay/replayed-task.ts";
import { type StackState, stackState } from "../session/stack-state.ts";
import { StoppedCall } from "../session/stopped-call.ts";
import { AccessLog } from "./accesses.ts";
import { debuggerAt, type PlaceOptions } from "./at-place.ts";
import { type Awaited, awaitedBy } from "./awaited.ts";
import type { Debugger } from "./debugger.ts";
import { isRunTo } from "./event-index.ts";
import type { Place } from "./place.ts";
import type { TaskAt } from "./turns.ts";
import type { Watchpoint } from "./watching.ts";

/** A task that does not get on, or does not seem to. */
export interface WaitingTask {
  task: number;
  process: number;
  ticks: number;
  /** The event by which it has come to where it is. */
  since: number;
  /** Number of the system call that it is in; undefined of a task that runs. */
  syscall?: number;
  awaits?: Awaited;
  state: StackState;
  /** Of a task that runs: memory that it reads again and again, and that others have to change. */
  spinsOn?: { address: number; length: number };
  /** Where the owner of the lock has taken it. */
  taken?: TaskAt;
  /** Who else has touched what it sleeps on, or has written what it spins on, the last ones first. */
  touches?: TaskAt[];
}

/** All of them at a place. */
export interface Waits {
  /** How many events are behind the place. */
  event: number;
  tasks: WaitingTask[];
  /** Tasks that wait for each other in a circle, each for the next one and the last for the first. */
  circle: number[];
  /** Why nothing is told of how it came to that. */
  withoutPast?: string;
}

/** What is asked. */
export interface WaitsOptions extends PlaceOptions {
  /** Asked now and then whether to give up. */
  isEnded(): boolean;
}

/** Bytes in front of and behind a word that somebody sleeps on that may be of the same condition, a multiple of 8. */
const [IN_FRONT, AROUND] = [8, 32];
/** Stops on the way back, and touches that are told of. */
const MOST_STOPS = 48;
const MOST_TOUCHES = 4;

/**
 * Looks at a place.
 *
 * @throws TraceError, EngineError as a replay does, Divergence where it differs from the recording, NoSuchPlace.
 */
export function waitsAt(options: WaitsOptions): Waits {
  using replay = debuggerAt(options, { output: () => {}, wantsPause: options.isEnded });
  const { event } = replay.playhead.position;
  const tasks = waitingTasks(replay, event);
  const waits = { event, tasks, circle: circleOf(tasks) };
  if (!replay.canWatch) return { ...waits, withoutPast: "the kernel has no debug registers to give" };
  // Behind the last event there is none to be named.
  const isAtEnd = replay.playhead.next === undefined;
  const at: Place = isAtEnd ? { kind: "end" } : { kind: "event", index: event };
  const pasts = tasks.map((task) => ({ task, process: pastOf(replay, task) }));
  for (const task of tasks) if (task.syscall === undefined) addSpin(replay, task);
  for (const process of new Set(pasts.map((past) => past.process))) {
    if (process === undefined) continue;
    using back = debuggerAt(
      { directory: options.directory, at, process },
      { output: () => {}, wantsPause: options.isEnded },
    );
    for (const past of pasts) if (past.process === process) addPast(back, past.task, event);
  }
  return waits;
}

/** The process whose past says how it came to a wait: that of the lock's owner. Undefined where it is gone. */
function pastOf({ events, session }: Debugger, { process, awaits }: WaitingTask): number | undefined {
  const isLock = awaits?.kind === "lock" && awaits.owner !== undefined;
  const past = isLock ? events.processOf(awaits.owner!) : process;
  return [...session.tasks.values()].some((task) => task.process.id === past) ? past : undefined;
}

/** What each task waits for, of all processes. */
function waitingTasks(replay: Debugger, event: number): WaitingTask[] {
  const { events, session } = replay;
  const all = [...session.tasks.values()];
  const others = all.map(({ id, programRegisters }) => ({ id, registers: programRegisters }));
  return all.map((task): WaitingTask => {
    const { id, process, retiredTicks, space, site, programRegisters: registers } = task;
    const since = events.lastBefore(event, (one) => one.task === id && isRunTo(one))?.index ?? event;
    const place = { task: id, process: process.id, ticks: retiredTicks, since };
    const state = stackState(space, registers);
    if (site === undefined) return { ...place, state };
    const call = new StoppedCall(site.number, registers, space);
    const isTask = (other: number) => other !== 0 && events.isTask(other);
    const found = awaitedBy(
      call,
      others.filter((other) => other.id !== id),
      isTask,
    );
    const awaits = isOrphan(replay, task, found) ? { ...found, isOrphan: true as const } : found;
    return { ...place, syscall: site.number, awaits, state };
  });
}

/** Finds out what a task that runs reads again and again. */
function addSpin(replay: Debugger, task: WaitingTask): void {
  using log = new AccessLog(replay);
  const accesses = log.of({ task: task.task, first: task.since, last: task.since });
  const counts = new Map<number, { length: number; reads: number }>();
  for (const { owner, address, length, isWrite, isData } of accesses) {
    // Of memory that is shared by name the place in it is known, and not its address.
    if (!isData || length === 0 || owner !== `process ${task.process}`) continue;
    const { reads } = counts.get(address) ?? { reads: 0 };
    // What it writes itself is no news that it waits for.
    counts.set(address, { length, reads: isWrite ? Number.NEGATIVE_INFINITY : reads + 1 });
  }
  const [most] = [...counts].toSorted(([, a], [, b]) => b.reads - a.reads);
  if (most !== undefined && most[1].reads > 1) task.spinsOn = { address: most[0], length: most[1].length };
}

/** Whether a task waits for a lock that nobody can give back to it. */
function isOrphan({ events, session }: Debugger, { process, space }: ReplayedTask, awaits: Awaited): boolean {
  if (awaits.kind !== "lock" || awaits.owner === undefined) return false;
  if (!session.tasks.has(awaits.owner)) return true;
  const isOthers = events.processOf(awaits.owner) !== process.id;
  return isOthers && space.mappings.find(awaits.address)?.shared !== true;
}

/** The task that another one waits for, if it is one alone. */
export function awaitedTask({ awaits }: Pick<WaitingTask, "awaits">): number | undefined {
  switch (awaits?.kind) {
    case "lock":
      return awaits.isOrphan ? undefined : awaits.owner;
    case "thread":
      return awaits.thread;
    case "child":
      return awaits.child;
    default:
      return undefined;
  }
}

/** Tasks that wait for each other; empty where none do. */
export function circleOf(tasks: readonly Pick<WaitingTask, "task" | "awaits">[]): number[] {
  for (const { task } of tasks) {
    const way: number[] = [];
    for (let at: number | undefined = task; at !== undefined && !way.includes(at); ) {
      way.push(at);
      const here = tasks.find((one) => one.task === at);
      at = here && awaitedTask(here);
      if (at === task) return way;
    }
  }
  return [];
}

/** Adds how it came to that. @param back A debugger of the task's process. */
function addPast(back: Debugger, task: WaitingTask, event: number): void {
  const { awaits } = task;
  if (awaits?.kind === "lock" && awaits.ownerAt !== undefined) {
    const taken = writesBefore(back, event, awaits.ownerAt, (writer) => writer === awaits.owner);
    if (taken) task.taken = taken;
  }
  if (awaits?.kind === "wake") {
    const from = awaits.address - (awaits.address % 8) - IN_FRONT;
    task.touches = touchesBefore(back, event, { kind: "access", address: from, length: AROUND }, task.task);
  }
  if (task.spinsOn !== undefined) {
    const { address, length } = task.spinsOn;
    task.touches = touchesBefore(back, event, { kind: "write", address, length }, task.task);
  }
}

/** The last write to a word by a task. */
function writesBefore(
  back: Debugger,
  event: number,
  address: number,
  isMeant: (task: number) => boolean,
): TaskAt | undefined {
  for (const found of stopsBefore(back, event, { kind: "write", address, length: 4 })) {
    if (isMeant(found.task)) return found;
  }
  return undefined;
}

/** The last accesses of others to what is around a word, one of each turn. */
function touchesBefore(back: Debugger, event: number, point: Watchpoint, not: number): TaskAt[] {
  const found: TaskAt[] = [];
  for (const touch of stopsBefore(back, event, point)) {
    const { task, event: at } = touch;
    if (task === not || found.some((one) => one.task === task && one.event === at)) continue;
    found.push(touch);
    if (found.length === MOST_TOUCHES) break;
  }
  return found;
}

/** Accesses of a process before an event, the last one first. */
function* stopsBefore(back: Debugger, event: number, point: Watchpoint): Generator<TaskAt> {
  back.seekEvent(event);
  back.catches.passed = new Set(Array.from({ length: 64 }, (_, i) => i + 1));
  if (!back.watching.add(point)) return;
  try {
    for (let stops = 0; stops < MOST_STOPS; stops++) {
      if (back.back().kind !== "watchpoint") return;
      const { current, playhead } = back;
      if (current === undefined) return;
      const { id, process, retiredTicks, space, programRegisters } = current;
      yield {
        task: id,
        process: process.id,
        event: playhead.position.event,
        ticks: retiredTicks,
        isWrite: point.kind === "write",
        state: stackState(space, programRegisters),
      };
    }
  } finally {
    back.watching.remove(point);
  }
}

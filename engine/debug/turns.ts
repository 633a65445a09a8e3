/**
 * Turns of tasks that meet: which memory one task touches while another one, which touches it before or behind that, has to wait. So a race
 * looks in a recording in which it has shown.
 */
import { type StackState, stackState } from "../session/stack-state.ts";
import { type Access, AccessLog, type Turn } from "./accesses.ts";
import { Debugger } from "./debugger.ts";
import { type EventIndex, type HandlerRun, isRunTo } from "./event-index.ts";
import { handlersAround, partByHandler } from "./handler-waits.ts";

/** A task at a place. */
export interface TaskAt {
  task: number;
  process: number;
  event: number;
  ticks: number;
  /** Of an access: whether it writes. */
  isWrite: boolean;
  /** The signal whose handler it is in. */
  signal?: number;
  state: StackState;
}

/** Turns that meet, and where. */
export interface Meeting {
  /** The memory that they touch; undefined where they are not seen to touch any. */
  memory?: { owner: string; address: number; length: number };
  /** What they touch that is no memory: "the file /tmp/lock". */
  thing?: string;
  /** The task that has to wait: at its last access before, and its first one behind. */
  before?: TaskAt;
  after?: TaskAt;
  /** The other one, meanwhile. */
  between: TaskAt;
}

/** Turns that a task may wait for from one of its own to the next. */
const MOST_WAITED = 48;
/** Turns on either side in which the one that waits may have made its access: a lock may have taken turns of its own. */
const OWN_TURNS = 6;
/** Turns before and behind the one that is asked for. */
const AROUND = 2;
/** Turns that are looked at of those at the end. */
const LAST_TURNS = 16;

/** How a meeting is rated: less is better. */
const RATED = {
  /** An instruction of a library. */
  library: 200,
  /** The same around a fork: locks are what matters there, since nobody gives them back in the child. */
  libraryAroundFork: 40,
  /** Memory that is none of the program's variables, nor of its heap. */
  foreign: 500,
  /** An order that is as good as one after the other. */
  serial: 300,
  /** It begins with an atomic instruction, which ends a piece of work sooner than it begins one. */
  atomic: 60,
  /** It begins with a plain write and ends with a read: one piece of work has ended, more often than not, and the next one begins. */
  written: 10,
  /** A signal that comes: what it breaks off or runs says more. */
  signal: 100,
  /** Only one of the two ends is known. */
  half: 250,
  /** So bad is no explanation. */
  useless: 500,
} as const;

/** Instructions that more of make no difference. */
const MOST_DISTANCE = 200;

/** What is asked. */
export interface MeetingOptions {
  directory: string;
  /** Events at which a turn has ended, or begun; none for the last turns of all. */
  events: readonly number[];
  isEnded(): boolean;
}

/**
 * Finds what the turns around some events have in common.
 *
 * @returns undefined where only one task runs there.
 * @throws TraceError, EngineError as a replay does, Divergence where it differs from the recording.
 */
export function meetingAt({ directory, events, isEnded }: MeetingOptions): Meeting | undefined {
  using replay = new Debugger({ directory, output: () => {}, wantsPause: isEnded });
  if (!replay.begin()) return undefined;
  const turns = turnsOf(replay.events, replay.first);
  using log = new AccessLog(replay);
  const seen = new Map<Turn, Access[]>();
  const accesses = (turn: Turn): Access[] => {
    let found = seen.get(turn);
    if (found === undefined) {
      found = log.of(turn);
      seen.set(turn, found);
    }
    return found;
  };
  const near = events.length === 0 ? turns.slice(-LAST_TURNS) : turnsAround(turns, events);
  const candidates = waitsAround(turns, near);
  const runs = replay.events.handlerRuns();
  const handlers = handlersAround(runs, turns, near);
  // In the order of the replay, so that it goes forward.
  const needed = new Set([
    ...candidates.flatMap(({ before, between, after }) => [...before, ...between, ...after]),
    ...handlers.flatMap((handler) => handler.turns),
  ]);
  for (const turn of [...needed].toSorted((a, b) => a.first - b.first)) accesses(turn);
  log.nameFiles();
  const found = [
    ...candidates.map(({ before, between, after }) => ({
      before: before.flatMap(accesses),
      between: between.flatMap(accesses),
      after: after.flatMap(accesses),
    })),
    ...handlers.map((handler) => partByHandler(handler, accesses)),
  ].flatMap(({ before, between, after }) => meetings(before, between, after));
  const [nearest] = found.toSorted((a, b) => a.rate - b.rate);
  const best = nearest && nearest.rate < RATED.useless ? nearest : withoutMemory(candidates, accesses);
  if (best === undefined) return undefined;
  const { before, between, after } = best;
  const { owner, address, length, isThing } = between;
  const at = (access: Access) => taskAt(replay, access, runs);
  return {
    ...(length > 0 && (isThing ? { thing: owner } : { memory: { owner, address, length } })),
    ...(before && { before: at(before) }),
    between: at(between),
    ...(after && { after: at(after) }),
  };
}

function taskAt(replay: Debugger, { position, task, isWrite }: Access, runs: readonly HandlerRun[]): TaskAt {
  replay.seek(position);
  const found = replay.session.tasks.get(task);
  if (found === undefined) throw new Error(`engine invariant broken: task ${task} is not where it was`);
  const { process, retiredTicks, space, programRegisters } = found;
  const state = stackState(space, programRegisters);
  const { event } = position;
  const run = runs.findLast((run) => run.task === task && run.from < event && event <= run.to);
  return {
    task,
    process: process.id,
    event,
    ticks: retiredTicks,
    isWrite,
    ...(run && { signal: run.signal }),
    state,
  };
}

/** The turns of a recording. */
function turnsOf(events: EventIndex, from: number): Turn[] {
  const turns: Turn[] = [];
  events.first((event, index) => {
    if (index < from || !isRunTo(event)) return false;
    const last = turns.at(-1);
    if (last?.task === event.task) last.last = index;
    else turns.push({ task: event.task, first: index, last: index });
    return false;
  });
  return turns;
}

/** A task that waits from one of its turns to the next, while others run. */
interface Wait {
  /** Its own, of which the last, and the first, are next to the wait. */
  before: readonly Turn[];
  between: readonly Turn[];
  after: readonly Turn[];
}

/** The turns around each event. */
function turnsAround(turns: readonly Turn[], events: readonly number[]): Turn[] {
  return events.flatMap((event) => {
    const at = turns.findIndex(({ last }) => last >= event);
    return at < 0 ? [] : turns.slice(Math.max(0, at - AROUND), at + AROUND + 1);
  });
}

function waitsAround(turns: readonly Turn[], middles: readonly Turn[]): Wait[] {
  const waits = new Map<string, Wait>();
  for (const here of new Set(middles)) {
    const middle = turns.indexOf(here);
    const near = turns.slice(Math.max(0, middle - MOST_WAITED), middle + MOST_WAITED);
    for (const task of new Set(near.map((turn) => turn.task))) {
      if (task === here.task) continue;
      const before = turns.findLastIndex((turn, i) => i < middle && turn.task === task);
      const after = turns.findIndex((turn, i) => i > middle && turn.task === task);
      if (after < 0 && before < 0) continue;
      const from = before < 0 ? middle : before + 1;
      const to = after < 0 ? middle + 1 : after;
      if (to - from > MOST_WAITED) continue;
      const own = (some: readonly Turn[]) => some.filter((turn) => turn.task === task);
      waits.set(`${task} ${from} ${to}`, {
        before: own(turns.slice(Math.max(0, from - MOST_WAITED), from)).slice(-OWN_TURNS),
        between: turns.slice(from, to),
        after: own(turns.slice(to, to + MOST_WAITED)).slice(0, OWN_TURNS),
      });
    }
  }
  return [...waits.values()];
}

/** A meeting and how good it is as an explanation. */
interface Rated {
  before: Access | undefined;
  between: Access;
  after: Access | undefined;
  rate: number;
}

/** Accesses of one task around those of others, to the same memory, of which some write. */
function meetings(before: readonly Access[], between: readonly Access[], after: readonly Access[]): Rated[] {
  const found: Rated[] = [];
  const last = byPlace(before.toReversed());
  const first = byPlace(after);
  const parts = between.flatMap((access) => (access.isFork ? copiesOf(access, after) : [access]));
  for (const [at, access] of parts.entries()) {
    if (access.length === 0) continue;
    const [was, is] = [last, first].map((places) => nearest(places, access));
    if (was === undefined && is === undefined) continue;
    const all = [was?.access, access, is?.access].filter((one) => one !== undefined);
    const isOwn = all.every((one) => one.isOwn || one.isFork);
    const isData = all.every((one) => one.isData);
    // Where there is one end only, what is next to it is meant.
    const [toBefore, toAfter] = [was?.distance ?? parts.length - at, is?.distance ?? at];
    const distance = toBefore + toAfter;
    const rate =
      Math.min(distance, MOST_DISTANCE) +
      (isOwn ? 0 : access.isFork ? RATED.libraryAroundFork : RATED.library) +
      (isData ? 0 : RATED.foreign) +
      (was?.access.isAtomic && was.access.isOwn ? RATED.atomic : 0) +
      (was?.access.isWrite && is?.access.isWrite === false ? RATED.written : 0) +
      (isSerial(was?.access, access, is?.access) ? RATED.serial : 0) +
      (access.isSignal ? RATED.signal : 0) +
      (was === undefined || is === undefined ? RATED.half : 0);
    found.push({ before: was?.access, between: access, after: is?.access, rate });
  }
  return found;
}

/** What a fork reads of that which is written behind it. */
function copiesOf(fork: Access, after: readonly Access[]): Access[] {
  return after
    .filter(({ isWrite, isData, owner }) => isWrite && isData && owner === fork.owner)
    .map(({ address, length }) => ({ ...fork, address, length, isData: true }));
}

/** Accesses by the words that they touch, each with its distance. */
type Places = ReadonlyMap<string, { access: Access; distance: number }[]>;

function byPlace(accesses: readonly Access[]): Places {
  const places = new Map<string, { access: Access; distance: number }[]>();
  for (const [distance, access] of accesses.entries()) {
    for (const key of wordsOf(access)) {
      const there = places.get(key);
      if (there) there.push({ access, distance });
      else places.set(key, [{ access, distance }]);
    }
  }
  return places;
}

function wordsOf({ owner, address, length }: Access): string[] {
  if (length === 0) return [];
  const [from, to] = [Math.floor(address / 8), Math.floor((address + length - 1) / 8)];
  return Array.from({ length: Math.min(8, to - from + 1) }, (_, i) => `${owner} ${from + i}`);
}

/** The nearest access that touches the same bytes, where one of both writes. */
function nearest(places: Places, access: Access): { access: Access; distance: number } | undefined {
  const near = wordsOf(access).flatMap((key) => places.get(key) ?? []);
  return near
    .filter(({ access: other }) => (other.isWrite || access.isWrite) && overlap(other, access))
    .toSorted((a, b) => a.distance - b.distance)[0];
}

function overlap(a: Access, b: Access): boolean {
  return a.address < b.address + b.length && b.address < a.address + a.length;
}

/** Whether it makes no difference to either task that the access lies between the two others of the other task. */
function isSerial(before: Access | undefined, between: Access, after: Access | undefined): boolean {
  if (before === undefined || after === undefined) return false;
  // Read, write, read; write, write, read; read, write, write; and write, read, write are none.
  return between.isWrite ? before.isWrite && after.isWrite : !(before.isWrite && after.isWrite);
}

/** Where nothing is seen that both touch: the last place of the one that waits, and what the other one did last. */
function withoutMemory(
  waits: readonly Wait[],
  accesses: (turn: Turn) => readonly Access[],
): Omit<Rated, "rate"> | undefined {
  const places = (turn: Turn | undefined) => (turn ? accesses(turn) : []);
  const found = waits.flatMap(({ before, between, after }) => {
    const others = between.flatMap(accesses);
    const middle = others.at(-1);
    const first = places(after[0]);
    // A library's place is named by the program's that has called it; only what begins has no caller yet.
    const was = places(before.at(-1)).at(-1);
    const is = first.find(({ isOwn }) => isOwn) ?? first[0];
    if (middle === undefined || (was === undefined && is === undefined)) return [];
    const known = [was, middle, is].filter((one) => one?.isOwn).length;
    return [{ before: was, between: { ...middle, length: 0 }, after: is, known }];
  });
  return found.toSorted((a, b) => b.known - a.known)[0];
}

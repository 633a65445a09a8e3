/** Who waits for whom in a recording that hangs, with names and in words. */
import type { Awaited, WaitingTask, Waits } from "../../engine/debug/mod.ts";
import { syscallName } from "../../ffi/mod.ts";
import { frameLines, lineText, type NamedAt, nameTask, threadText } from "./meeting.ts";
import { storedFiles } from "./stack.ts";

/** A task that waits, or runs without getting on. */
export interface NamedWait extends NamedAt {
  /** The system call that it is in. */
  syscall?: string;
  awaits?: Awaited;
  spinsOn?: { address: string; length: number };
  /** Where the owner of the lock has taken it. */
  taken?: NamedAt;
  /** Who else has touched what it waits for, the last ones first. */
  touches?: NamedAt[];
}

/** See the file's head. */
export interface NamedWaits {
  event: number;
  tasks: NamedWait[];
  /** Tasks of which each waits for the next one, and the last for the first. */
  circle: number[];
  /** Why nothing is told of how it came to that. */
  withoutPast?: string;
}

/** Names what the engine has found. @param directory Folder of the trace. */
export function nameWaits({ tasks, ...waits }: Waits, directory: string): NamedWaits {
  const files = storedFiles(directory);
  const named = (task: WaitingTask): NamedWait => {
    const { syscall, awaits, spinsOn, taken, touches } = task;
    return {
      ...nameTask({ ...task, event: task.since, isWrite: false }, files),
      ...(syscall !== undefined && { syscall: syscallName(syscall) }),
      ...(awaits && { awaits }),
      ...(spinsOn && { spinsOn: { ...spinsOn, address: hex(spinsOn.address) } }),
      ...(taken && { taken: nameTask(taken, files) }),
      ...(touches && { touches: touches.map((touch) => nameTask(touch, files)) }),
    };
  };
  return { ...waits, tasks: tasks.map(named) };
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}

/** What is to be said first: who waits for each other, or how many wait. */
export function waitsHead({ tasks, circle }: NamedWaits): string {
  if (circle.length > 1) {
    const names = circle.flatMap((id) => tasks.filter(({ task }) => task === id).map(threadText));
    return `${names.slice(0, -1).join(", ")} and ${names.at(-1)} wait for each other`;
  }
  const [alone] = circle;
  const own = tasks.find(({ task }) => task === alone);
  if (own !== undefined) return `${threadText(own)} waits for itself`;
  const spinning = tasks.filter(({ syscall }) => syscall === undefined).length;
  if (spinning === 0)
    return tasks.length === 1 ? "the only thread waits" : `all ${tasks.length} threads wait`;
  return `${spinning} of ${tasks.length} threads run without getting on`;
}

/** All of it, a line each. */
export function waitsLines(waits: NamedWaits): string[] {
  return [
    ...waits.tasks.flatMap((task) => [
      `${threadText(task)} at ${lineText(task)} ${doingText(task, waits.tasks)}:`,
      ...frameLines(task),
      ...pastLines(task),
    ]),
    ...(waits.withoutPast === undefined ? [] : [`how it came to that is not known: ${waits.withoutPast}`]),
  ];
}

/** What a task waits for, or does instead. */
function doingText({ awaits, spinsOn, syscall }: NamedWait, tasks: readonly NamedWait[]): string {
  if (awaits === undefined)
    return spinsOn === undefined
      ? "runs"
      : `reads ${spinsOn.length} bytes at ${spinsOn.address} again and again`;
  const who = (id: number): string => {
    const found = tasks.find(({ task }) => task === id);
    return found === undefined ? `task ${id}, which is not there` : threadText(found);
  };
  switch (awaits.kind) {
    case "lock":
      return `waits for the lock at ${hex(awaits.address)}${awaits.owner === undefined ? "" : ` of ${who(awaits.owner)}`}`;
    case "wake":
      return `sleeps on ${hex(awaits.address)} until somebody wakes it`;
    case "thread":
      return `waits for the end of ${who(awaits.thread)}`;
    case "child":
      return `waits for the end of ${awaits.child === undefined ? "a child" : who(awaits.child)}`;
    case "descriptor":
      return `waits for descriptor ${awaits.descriptor} in ${syscall}`;
    case "signal":
      return "waits for a signal";
    case "time":
      return "sleeps for some time";
    case "other":
      return `is in ${syscall}`;
  }
}

function pastLines({ taken, touches, event, awaits }: NamedWait): string[] {
  if (awaits?.kind === "lock") {
    const where =
      taken && `  ${threadText(taken)} has taken it at ${lineText(taken)}, before event ${taken.event}:`;
    return [
      ...(awaits.isOrphan ? ["  nobody is left who could give it back"] : []),
      ...(where === undefined ? [] : [where]),
      ...(taken ? frameLines(taken).map((line) => `  ${line}`) : []),
    ];
  }
  if (touches === undefined) return [];
  if (touches.length === 0) return ["  nobody else has touched that"];
  return touches.map((touch) => {
    const when = touch.event < event ? "before it came to that" : "since then";
    return `  ${threadText(touch)} was there at ${lineText(touch)}, before event ${touch.event}: ${when}`;
  });
}

/** Commands of this debugger's own, which gdb passes on: `monitor when`. */
import type { Debugger } from "../debugger.ts";
import { elapsedAt } from "../elapsed.ts";
import { goTo, NoSuchPlace, PLACES, parsePlace } from "../place.ts";

interface MonitorCommand {
  usage: string;
  help: string;
  run(replay: Debugger, argument: string): string;
}

const COMMANDS: Readonly<Record<string, MonitorCommand>> = {
  when: {
    usage: "when",
    help: "the index of the event that comes next, and its task",
    run({ playhead }) {
      const { next, position } = playhead;
      return next === undefined
        ? `event ${position.event}: the trace has no more\n`
        : `event ${position.event} comes next: ${next.kind} of task ${next.task}\n`;
    },
  },
  "elapsed-time": {
    usage: "elapsed-time",
    help: "how much time had gone by, as far as the program was told",
    run({ events, playhead }) {
      const elapsed = elapsedAt(events, playhead.position.event);
      if (elapsed === undefined) return "the program has looked at no clock by here\n";
      const { clock, seconds, event } = elapsed;
      return `${seconds} s since the program's first look at the ${clock} clock, as event ${event} told it\n`;
    },
  },
  checkpoint: {
    usage: "checkpoint",
    help: "marks this place, for restart",
    run: (replay) => `Checkpoint ${replay.mark()}: ${COMMANDS.when?.run(replay, "") ?? ""}`,
  },
  checkpoints: {
    usage: "checkpoints",
    help: "the places that are marked",
    run({ marks }) {
      const lines = [...marks].map(([number, { position, task }]) => {
        return `${number}: in front of event ${position.event}, task ${task}, ${position.ticks} ticks\n`;
      });
      return lines.length === 0 ? "No checkpoints.\n" : lines.join("");
    },
  },
  "delete-checkpoint": {
    usage: "delete-checkpoint N",
    help: "forgets a place that is marked",
    run: ({ marks }, text) => (marks.delete(Number(text)) ? "" : `there is no checkpoint '${text}'\n`),
  },
  restart: {
    usage: "restart N",
    help: "goes to a place that is marked",
    run(replay, text) {
      const mark = replay.marks.get(Number(text));
      if (mark === undefined) return `there is no checkpoint '${text}'\n`;
      replay.goToMark(mark);
      return COMMANDS.when?.run(replay, "") ?? "";
    },
  },
  seek: {
    usage: "seek PLACE",
    help: "goes to start, end, failure, an event's index, tick:N or signal",
    run: seek,
  },
  "when-ticks": {
    usage: "when-ticks",
    help: "the ticks of the thread that runs next",
    run({ current }) {
      if (current === undefined) return "no thread is alive\n";
      return `task ${current.id}: ${current.retiredTicks} ticks\n`;
    },
  },
};

/** Goes to a place by its name, as `--at` does. */
function seek(replay: Debugger, text: string): string {
  const place = parsePlace(text);
  if (place === undefined) return `'${text}' is no place; a place is ${PLACES}\n`;
  const before = replay.playhead.position;
  try {
    goTo(replay, place);
  } catch (error) {
    if (!(error instanceof NoSuchPlace)) throw error;
    replay.seek(before);
    return `${error.message}\n`;
  }
  return COMMANDS.when?.run(replay, "") ?? "";
}

export const MONITOR_HELP = Object.values(COMMANDS)
  .map(({ usage, help }) => `  monitor ${usage.padEnd(24)} ${help}\n`)
  .join("");

/**
 * Executes a line.
 *
 * @returns What there is to be shown; undefined if there is no such command.
 */
export function monitor(line: string, replay: Debugger): string | undefined {
  const [name = "", ...rest] = line.trim().split(/\s+/);
  if (name === "help") return MONITOR_HELP;
  return COMMANDS[name]?.run(replay, rest.join(" "));
}

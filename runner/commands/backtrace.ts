/** `tickproof backtrace`: where all threads stand at a place of a recording, without a debugger. */
import type { Stacks } from "../../engine/debug/mod.ts";
import { pendingInterrupt } from "../../ffi/mod.ts";
import { defineCommand } from "../args/mod.ts";
import { FRAMES, framesOf, storedFiles } from "../engines/stack.ts";
import { OK } from "../errors/mod.ts";
import { findTrace } from "../files/mod.ts";
import { print } from "../output/mod.ts";
import { placeText } from "../symbols/mod.ts";
import { counted } from "../text/mod.ts";
import { exitCodeOf, isEnding, PLACE_OPTIONS, placeOf } from "./_debug-options.ts";

export const backtrace = defineCommand({
  name: "backtrace",
  summary: "Show where all threads of a recorded process stand at a place",
  details: [
    "Replays to the place, by default where the program has failed, or else its end, and shows the stack of each thread:",
    "the one that the place is about first. What the program writes is not shown.",
  ].join("\n"),
  options: {
    ...PLACE_OPTIONS,
    json: { kind: "flag", help: "one JSON object" },
  },
  positionals: { usage: "[DIR | TEST]", min: 0, max: 1 },
  async run({ options, positionals: [path] }) {
    const directory = findTrace(path);
    const at = await placeOf(options.at ?? "failure");
    const { catchInterrupts } = await import("../../engine/mod.ts");
    const { stacksAt } = await import("../../engine/debug/mod.ts");
    using _ = catchInterrupts();
    let stacks: Stacks;
    try {
      stacks = stacksAt({
        directory,
        at,
        process: options.process,
        isEnded: () => isEnding(pendingInterrupt()),
      });
    } catch (error) {
      return await exitCodeOf(error);
    }
    const tasks = named(stacks, directory);
    if (options.json) print(`${JSON.stringify({ directory, event: stacks.event, tasks }, null, 2)}\n`);
    else print(text(stacks.event, tasks));
    return OK;
  },
});

/** A thread and its frames, the innermost first. */
interface NamedStack {
  task: number;
  process: number;
  ticks: number;
  frames: ReturnType<typeof framesOf>;
  /** Frames beyond those. */
  moreFrames: number;
}

function named({ tasks }: Stacks, directory: string): NamedStack[] {
  const files = storedFiles(directory);
  return tasks.map(({ task, process, ticks, ...state }) => {
    const frames = framesOf(state, files);
    const moreFrames = Math.max(0, frames.length - FRAMES);
    return { task, process, ticks, frames: frames.slice(0, FRAMES), moreFrames };
  });
}

function text(event: number, tasks: readonly NamedStack[]): string {
  const lines = tasks.flatMap(({ task, process, ticks, frames, moreFrames }) => [
    `task ${task} of process ${process}, ${counted(ticks, "tick")}:`,
    ...frames.map(({ pc, place }, i) => `  #${i} ${pc}${place === undefined ? "" : ` ${placeText(place)}`}`),
    ...(moreFrames > 0 ? [`  and ${counted(moreFrames, "more frame")}`] : []),
  ]);
  return `${[`before event ${event}`, ...lines].join("\n")}\n`;
}

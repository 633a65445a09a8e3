/** `tickproof diff`: the first place where two recordings of one program differ. */
import { NoSuchPlace, stacksAt } from "../../engine/debug/mod.ts";
import { TraceReader } from "../../engine/trace/mod.ts";
import { pendingInterrupt } from "../../ffi/mod.ts";
import { defineCommand } from "../args/mod.ts";
import { framesOf, storedFiles } from "../engines/stack.ts";
import { FAILED, OK, UsageError } from "../errors/mod.ts";
import { findTrace } from "../files/mod.ts";
import { print } from "../output/mod.ts";
import { placeText } from "../symbols/mod.ts";
import { counted } from "../text/mod.ts";
import { exitCodeOf, isEnding } from "./_debug-options.ts";
import { type Difference, type TraceDifference, traceDifference } from "./_trace-difference.ts";

/** Frames that are shown of each side. */
const MOST_FRAMES = 5;

export const diff = defineCommand({
  name: "diff",
  summary: "Show where two recordings of one program differ first",
  details: [
    "Three places: the first result that they were told differently (a clock, a file, the order of threads), the first",
    "event at which they went different ways, with both stacks there, and the first output that differs.",
    "Exit code 0 if they are the same, 1 if they differ.",
  ].join("\n"),
  options: { json: { kind: "flag", help: "one JSON object" } },
  positionals: { usage: "DIR|TEST DIR|TEST", min: 2, max: 2 },
  async run({ options, positionals }) {
    const [first = "", second = ""] = positionals.map((path) => findTrace(path));
    const [one, other] = [first, second].map(programOf);
    if (one !== other) {
      throw new UsageError(
        `these are recordings of two programs: ${one} (${first}) and ${other} (${second})`,
      );
    }
    const found = traceDifference(first, second);
    const { catchInterrupts } = await import("../../engine/mod.ts");
    using _ = catchInterrupts();
    let stacks: Record<"a" | "b", string[]>;
    try {
      stacks = { a: stackAt(first, found.way?.a), b: stackAt(second, found.way?.b) };
    } catch (error) {
      return await exitCodeOf(error);
    }
    if (options.json) print(`${JSON.stringify({ a: first, b: second, ...found, stacks }, null, 2)}\n`);
    else print(text(found, stacks));
    return found.told === undefined && found.way === undefined && found.output === undefined ? OK : FAILED;
  },
});

function programOf(directory: string): string {
  const reader = TraceReader.open(directory);
  reader.close();
  return reader.meta.program;
}

/** The stack of an event's task in front of it; none where it has no process any more. */
function stackAt(directory: string, at: Difference["a"]): string[] {
  if (at === undefined) return [];
  try {
    const { tasks } = stacksAt({
      directory,
      at: { kind: "event", index: at.event },
      process: processOf(directory, at.task),
      isEnded: () => isEnding(pendingInterrupt()),
    });
    const task = tasks.find((one) => one.task === at.task);
    const frames = task === undefined ? [] : framesOf(task, storedFiles(directory));
    return frames
      .slice(0, MOST_FRAMES)
      .map(({ pc, place }) => (place === undefined ? pc : `${pc} ${placeText(place)}`));
  } catch (error) {
    if (error instanceof NoSuchPlace) return [];
    throw error;
  }
}

/** The process of a task. */
function processOf(directory: string, task: number): number {
  const reader = TraceReader.open(directory);
  try {
    for (let event = reader.next(); event !== undefined; event = reader.next())
      if (event.kind === "clone" && event.child === task) return event.childProcess;
    return task;
  } finally {
    reader.close();
  }
}

function lines({ a, b }: Difference, stacks?: Record<"a" | "b", string[]>): string[] {
  return (
    [
      ["A", a, stacks?.a],
      ["B", b, stacks?.b],
    ] as const
  ).flatMap(([name, side, stack = []]) => [
    `  ${name}  ${side?.line ?? "has no more"}`,
    ...stack.map((frame, i) => `       #${i} ${frame}`),
  ]);
}

function text({ common, told, way, output }: TraceDifference, stacks: Record<"a" | "b", string[]>): string {
  const parts = [
    ...(told ? [`told differently first (${told.what.join(", ")}):`, ...lines(told)] : []),
    ...(output ? ["the first output that differs:", ...lines(output)] : []),
    ...(way
      ? [`different ways after ${counted(common, "event")} (${way.what.join(", ")}):`, ...lines(way, stacks)]
      : [`the same way: ${counted(common, "event")}`]),
  ];
  return `${parts.join("\n")}\n`;
}

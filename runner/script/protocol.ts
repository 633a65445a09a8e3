/** What the runner and the process of a script say to each other (over Bun's IPC, as JSON). */
import type { StepResult } from "../results/mod.ts";
import type { TestDefinition } from "./definition.ts";

/** A test as the runner knows it: all but its body. */
export type TestDescription = Omit<TestDefinition, "fn" | "groups">;

/** To the process of a script. */
export type Order =
  /**
   * Run the test at this index once, with these variables in the environment; files of its recordings go to `files`, an
   * existing folder.
   */
  | { do: "run"; index: number; files: string; environment: Readonly<Record<string, string>> }
  /** The time of the test that runs is up: end it. */
  | { do: "stop" }
  /** Run the last hooks and end. */
  | { do: "end" };

/** From the process of a script. */
export type Report =
  | { is: "loaded"; tests: readonly TestDescription[] }
  /** The script could not be loaded. */
  | { is: "refused"; reason: string }
  | { is: "step"; path: readonly string[]; result: StepResult }
  | { is: "ended"; result: StepResult }
  /** Hooks around the whole script went wrong. */
  | { is: "closed"; wrong: readonly string[] };

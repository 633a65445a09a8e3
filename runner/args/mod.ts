/** Commands declared as data: their parsing and their help. */
import { OK } from "../errors/mod.ts";
import { print } from "../output/mod.ts";
import { commandHelp } from "./help.ts";
import { parse } from "./parse.ts";
import type { Command, CommandSpec, Options } from "./types.ts";

export { overview } from "./help.ts";
export type { Command, Options, Parsed, Values } from "./types.ts";

/**
 * Turns the description of a command into one that can be executed.
 *
 * @param spec The command's name, options, positionals, and what it does.
 * @returns The command; its `execute` parses the arguments, answers `--help`, and gives the exit code.
 */
export function defineCommand<const O extends Options>(spec: CommandSpec<O>): Command {
  const { start = `tickproof ${spec.name}` } = spec;
  const command: Command = {
    name: spec.name,
    start,
    summary: spec.summary,
    details: spec.details,
    options: spec.options,
    positionals: spec.positionals,
    execute(argv) {
      const parsed = parse({ ...spec, start }, argv);
      if (parsed !== "help") return spec.run(parsed);
      print(commandHelp(command));
      return OK;
    },
  };
  return command;
}

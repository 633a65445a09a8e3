/** Reads a command line by a table of options. */

import { parseArgs } from "node:util";
import { didYouMean } from "../../ffi/mod.ts";
import { UsageError } from "../errors/mod.ts";
import type { Option, Options, Parsed, Positionals, Values } from "./types.ts";

interface Grammar<O extends Options> {
  name: string;
  /** How the command is started: "tickproof record". */
  start: string;
  options: O;
  positionals: Positionals;
}

/** More of anything than a run can do. */
const MAX_COUNT = 1_000_000;

/** The error for an option that a command does not have. */
function unknown({ name, start, options }: Grammar<Options>, spelling: string): UsageError {
  const known = Object.entries(options).flatMap(([long, { short }]) =>
    short ? [`--${long}`, `-${short}`] : [`--${long}`],
  );
  const hint = didYouMean(spelling, known) || ` (see '${start} --help')`;
  return new UsageError(`unknown option '${spelling}' for '${name}'${hint}`);
}

function convert(spelling: string, option: Option, text: string): string | number {
  if (option.kind === "count") {
    const count = /^[1-9][0-9]*$/.test(text) ? Number(text) : 0;
    if (count >= 1 && count <= MAX_COUNT) return count;
    const rule = count > MAX_COUNT ? `at most ${MAX_COUNT}` : "a whole number of at least 1";
    throw new UsageError(`'${spelling}' must be ${rule}: current value is '${text}'`);
  }
  if (option.kind === "text" && option.choices && !option.choices.includes(text)) {
    const hint = didYouMean(text, option.choices) || `: it is one of ${option.choices.join(", ")}`;
    throw new UsageError(`'${spelling}' cannot be '${text}'${hint}`);
  }
  return text;
}

/**
 * Parses the arguments after a command's name.
 *
 * @param grammar The command's options and positionals.
 * @param argv The arguments.
 * @returns The options' values and the positionals, or "help" if that is asked for among the options.
 * @throws {UsageError} If an option is unknown or lacks its value, or the positionals are too few or many.
 */
export function parse<const O extends Options>(
  grammar: Grammar<O>,
  argv: readonly string[],
): Parsed<O> | "help" {
  const values: Record<string, string | number | boolean> = {};
  for (const [name, option] of Object.entries(grammar.options)) {
    if (option.kind === "flag") values[name] = false;
  }
  const positionals: string[] = [];
  for (const token of tokensOf(grammar.options, argv)) {
    if (token.kind === "option-terminator") {
      positionals.push(...argv.slice(token.index + 1));
      break;
    }
    if (token.kind === "positional") {
      positionals.push(token.value);
      if (!grammar.positionals.verbatim) continue;
      positionals.push(...argv.slice(token.index + 1));
      break;
    }
    const { name, rawName: spelling, value } = token;
    if (name === "help") return "help";
    const option = Object.hasOwn(grammar.options, name) ? grammar.options[name] : undefined;
    if (!option) throw unknown(grammar, spelling);
    values[name] = optionValue(spelling, option, value);
  }
  checkCount(grammar, positionals);
  return { options: values as Values<O>, positionals };
}

/** The arguments taken apart: options with their values, positionals, and the first `--`. */
function tokensOf(options: Options, argv: readonly string[]) {
  const known = Object.entries(options).map(([name, option]) => {
    const type: "boolean" | "string" =
      option.kind === "flag" || option.bare !== undefined ? "boolean" : "string";
    return [name, option.short ? { type, short: option.short } : { type }] as const;
  });
  const help = { type: "boolean", short: "h" } as const;
  return parseArgs({
    args: [...argv],
    options: { ...Object.fromEntries(known), help },
    // Errors are ours: they say what was meant.
    strict: false,
    tokens: true,
  }).tokens;
}

/** The value of an option that is there. @param text What it was given, if anything. */
function optionValue(spelling: string, option: Option, text: string | undefined): string | number | boolean {
  if (option.kind === "flag") {
    if (text !== undefined) throw new UsageError(`'${spelling}' takes no value: got '${text}'`);
    return true;
  }
  if (text !== undefined) return convert(spelling, option, text);
  if (option.bare !== undefined) return option.bare;
  throw new UsageError(`'${spelling}' needs a value: ${spelling} ${option.value}`);
}

function checkCount(
  { name, start, positionals: { usage, min, max } }: Grammar<Options>,
  given: string[],
): void {
  if (given.length < min) throw new UsageError(`'${name}' needs ${usage}: ${start} ${usage}`);
  if (given.length > max) {
    throw new UsageError(
      `'${name}' takes ${max === 0 ? "nothing" : `only ${usage}`}: got '${given[max]}' too`,
    );
  }
}

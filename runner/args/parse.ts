/** Reads a command line by a table of options. */

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

/** Looks `-o` or `--output` up. */
function find(grammar: Grammar<Options>, spelling: string): [name: string, option: Option] {
  for (const [name, option] of Object.entries(grammar.options)) {
    if (spelling === `--${name}` || (option.short && spelling === `-${option.short}`)) return [name, option];
  }
  const known = Object.entries(grammar.options).flatMap(([name, option]) =>
    option.short ? [`--${name}`, `-${option.short}`] : [`--${name}`],
  );
  const hint = didYouMean(spelling, known) || ` (see '${grammar.start} --help')`;
  throw new UsageError(`unknown option '${spelling}' for '${grammar.name}'${hint}`);
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
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") {
      positionals.push(...rest.splice(0));
    } else if (word === "--help" || word === "-h") {
      return "help";
    } else if (word.startsWith("-") && word !== "-") {
      const [spelling = word, inline] = word.startsWith("--") ? splitOnce(word) : [word];
      const [name, option] = find(grammar, spelling);
      if (option.kind === "flag") {
        if (inline !== undefined) throw new UsageError(`'${spelling}' takes no value: got '${inline}'`);
        values[name] = true;
      } else if (option.bare !== undefined && inline === undefined) {
        values[name] = option.bare;
      } else {
        const text = inline ?? rest.shift();
        if (text === undefined)
          throw new UsageError(`'${spelling}' needs a value: ${spelling} ${option.value}`);
        values[name] = convert(spelling, option, text);
      }
    } else {
      positionals.push(word);
      if (grammar.positionals.verbatim) positionals.push(...rest.splice(0));
    }
  }
  checkCount(grammar, positionals);
  return { options: values as Values<O>, positionals };
}

function splitOnce(word: string): string[] {
  const at = word.indexOf("=");
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
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

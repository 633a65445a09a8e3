/** Help texts, made from the same tables as the parsing. */
import { EXIT_CODES } from "../errors/mod.ts";
import type { Command, Option } from "./types.ts";

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join("");
}

/** What stands behind an option's name: " N", or "[=N]" where it may be left out. */
function valueText(option: Option): string {
  if (option.kind === "flag") return "";
  return option.bare !== undefined ? `[=${option.value}]` : ` ${option.value}`;
}

function spelling(name: string, option: Option): string {
  const value = valueText(option);
  return `${option.short ? `-${option.short}, ` : "    "}--${name}${value}`;
}

/** The usage line of one command: "tickproof record [-o DIR] [--quiet] [--] CMD ARGS…". */
export function usageLine(command: Command): string {
  const options = Object.entries(command.options).map(([name, option]) => {
    const shown = option.short && option.kind !== "flag" ? `-${option.short}` : `--${name}`;
    return `[${shown}${valueText(option)}]`;
  });
  return [command.start, ...options, command.positionals.usage].join(" ").trimEnd();
}

/** The text of a command's `--help`. */
export function commandHelp(command: Command): string {
  const rows: [string, string][] = Object.entries(command.options).map(([name, option]) => [
    spelling(name, option),
    option.help,
  ]);
  rows.push(["    --help", "show this text"]);
  const details = command.details ? `\n${command.details}\n` : "";
  return `${command.summary}\n\nUsage: ${usageLine(command)}\n${details}\nOptions:\n${columns(rows)}`;
}

/** The text of `tickproof --help`. */
export function overview(commands: readonly Command[], version: string): string {
  return [
    `tickproof ${version}: records a program's run and replays it exactly, counting ticks in software\n\n`,
    "Usage: tickproof COMMAND …\n\nCommands:\n",
    columns(commands.map((command) => [command.name, command.summary])),
    "\nOptions:\n",
    columns([
      ["--help", "show this text; 'tickproof COMMAND --help' tells more"],
      ["--version", "show the version"],
    ]),
    "\nExit codes:\n",
    columns(EXIT_CODES),
  ].join("");
}

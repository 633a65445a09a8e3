/** Starting gdb on a recording: for its user, or to evaluate expressions. */

import { resolve } from "node:path";
import { UsageError } from "../errors/mod.ts";
import { quote } from "../text/mod.ts";

const CLI = resolve(import.meta.dir, "../cli.ts");
const COMMANDS = resolve(import.meta.dir, "../../engine/debug/gdb/commands.gdb");

/** Seconds that gdb waits for the replay to get to its place. */
const PATIENCE = 3600;

/** Which gdb, and on what. */
export interface GdbTarget {
  /** @default "gdb" */
  gdb?: string | undefined;
  trace: string;
  at: string;
  process?: number | undefined;
}

/**
 * The words that start gdb, without what it is to do.
 *
 * @throws {UsageError} If there is no such gdb.
 */
export function gdbCommand({ gdb: name = "gdb", trace, at, process: id }: GdbTarget): string[] {
  const gdb = Bun.which(name);
  if (gdb === null) {
    throw new UsageError(
      `${name} is not here: install gdb (apt-get install gdb), or let an editor connect to 'tickproof gdbserver'`,
    );
  }
  const chosen = id === undefined ? [] : [`--process=${id}`];
  const server = [process.execPath, CLI, "gdbserver", "--stdio", `--at=${at}`, ...chosen, trace];
  const target = `target remote | exec ${server.map(quote).join(" ")}`;
  return [gdb, "-q", "-x", COMMANDS, "-ex", `set remotetimeout ${PATIENCE}`, "-ex", target];
}

/** What an expression has come to. */
export interface Evaluated {
  expression: string;
  value?: string;
  /** Why it has none. */
  error?: string;
}

/** Stands between the answers, and in no value: gdb escapes what is not printable. */
const MARK = "\u0001";
/** How this program's own errors begin, which the server's are. */
const OWN_WORDS = "tickproof: ";

/** Lets gdb execute commands, one after the other. @returns What it wrote, and the lines of what it complained of. */
async function askGdb(
  target: GdbTarget,
  commands: readonly string[],
): Promise<{ values: string; said: string[] }> {
  const words = commands.flatMap((command) => ["-ex", command]);
  const child = Bun.spawn([...gdbCommand(target), "-nx", "-batch", ...words], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [values, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  await child.exited;
  const said = errors.split("\n").filter((line) => line.trim() !== "");
  const lost = said.find((line) => line.startsWith(OWN_WORDS));
  if (lost !== undefined) throw new UsageError(lost.slice(OWN_WORDS.length));
  return { values, said };
}

/** Where a condition is another one than it was. */
export interface ConditionChange {
  /** How it was when main began, and at the first change, as gdb shows it; without a change only once. */
  values: string[];
  /** "event 79 comes next: …", and the innermost frame, where it has changed. */
  event: string;
  frame: string;
}

/**
 * Follows a condition from the start of main on to where it changes first, or to the end.
 *
 * @throws {UsageError} If there is no gdb, the condition is none, or the processor can't watch what it is made of.
 */
export async function followCondition(target: GdbTarget, condition: string): Promise<ConditionChange> {
  checkLine(condition);
  const mark = "echo \\001";
  const { values, said } = await askGdb(target, [
    ...["handle all nostop noprint pass", "set width 0", "tbreak main", "continue"],
    ...[mark, `output ${condition}`, mark, `watch ${condition}`, "continue"],
    ...[mark, `output ${condition}`, mark, "monitor when", mark, "frame", mark],
  ]);
  const [, before = "", watched = "", after = "", event = "", frame = ""] = values.split(MARK);
  const complaint = said.find((line) => !/^(warning:|event )/.test(line));
  if (before.trim() === "") throw new UsageError(`'${condition}': gdb says ${complaint ?? "nothing"}`);
  if (!/Hardware watchpoint \d+/.test(watched)) {
    const why = complaint ?? "it is made of what no processor watches";
    throw new UsageError(`'${condition}' can't be watched: ${why}`);
  }
  const isChanged = /Old value = /.test(watched);
  const found = said.filter((line) => line.startsWith("event "));
  return {
    values: isChanged ? [before.trim(), after.trim()] : [before.trim()],
    event: (found.at(-1) ?? event).trim(),
    frame: frame.trim().split("\n")[0] ?? "",
  };
}

function checkLine(text: string): void {
  if (text.trim() !== "" && !/[\n\r]/.test(text) && !text.includes(MARK)) return;
  throw new UsageError(`an expression is one line: it is ${JSON.stringify(text)}`);
}

/**
 * Evaluates expressions by gdb, as its `print` does.
 *
 * @param format Of gdb, such as "/x". @default its own choice
 * @throws {UsageError} If there is no gdb, an expression is none, or gdb can't get to the place.
 */
export async function evaluate(
  target: GdbTarget,
  expressions: readonly string[],
  format = "",
): Promise<Evaluated[]> {
  for (const text of expressions) checkLine(text);
  const asked = expressions.flatMap((text) => ["echo \\001", `output${format} ${text}`]);
  const { values, said } = await askGdb(target, [...asked, "echo \\001"]);
  const [, ...answers] = values.split(MARK);
  if (answers.length <= expressions.length) throw new UsageError(`gdb says: ${said.at(-1) ?? "nothing"}`);
  // A value is something, if only "void"; where there is none, gdb has said why, one line for each.
  const failed = expressions.filter((_, i) => answers[i]?.trim() === "").length;
  const reasons = failed === 0 ? [] : said.slice(-failed);
  return expressions.map((expression, i) => {
    const value = (answers[i] ?? "").trim();
    return value === ""
      ? { expression, error: reasons.shift() ?? "gdb does not say" }
      : { expression, value };
  });
}

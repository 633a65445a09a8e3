/** What the trace of a whole command is called: after the tool that is meant, not the one that starts it. */
import { basename } from "node:path";

/** Starters whose next word is what is meant. */
const STARTERS: ReadonlySet<string> = new Set([
  "npx",
  "bunx",
  "pnpx",
  "uvx",
  "env",
  "sudo",
  "time",
  "timeout",
  "nice",
]);
/** Starters whose next word says what is meant only together with them: `npm test`, `go test`. */
const PREFIXES: ReadonlySet<string> = new Set([
  "npm",
  "pnpm",
  "yarn",
  "bun",
  "cargo",
  "go",
  "make",
  "node",
  "deno",
]);
/** Words that start a script of a project by its name. */
const RUN: ReadonlySet<string> = new Set(["run", "exec", "dlx"]);

const isOption = (word: string) => word.startsWith("-") || /^\w+=/.test(word) || /^\d+[smh]?$/.test(word);

/**
 * A name for a folder: "vitest" for `npx vitest run`, "npm-test" for `npm test`.
 *
 * @param command The command's words.
 */
export function traceName([program = "", ...rest]: readonly string[]): string {
  const name = basename(program);
  const next = rest.findIndex((word) => !isOption(word));
  const word = next < 0 ? undefined : rest[next];
  let text = name;
  if (word !== undefined && STARTERS.has(name)) return traceName(rest.slice(next));
  if (word !== undefined && RUN.has(word) && PREFIXES.has(name))
    return traceName([name, ...rest.slice(next + 1)]);
  if (word !== undefined && PREFIXES.has(name)) text = `${name}-${basename(word)}`;
  return text.replaceAll(/[^\w.-]+/g, "_").replace(/^[.-]+/, "") || "trace";
}

/** The text of a first manifest: what two recordings have in common is expected, and comments say what else there is. */
import { stringify } from "yaml";
import { signalName } from "../text/mod.ts";
import type { Sighting } from "./observe.ts";

/** What the manifest is about. */
export interface FirstTest {
  /** Name of the suite and of its test. */
  name: string;
  /** `program` (a source) or `command`, as the manifest names it. */
  key: "program" | "command";
  value: string;
  args: readonly string[];
  /** Where editors find the JSON Schema, from the manifest. */
  schema: string;
}

/** Longest output that is expected as a whole, in bytes. */
const SHORT = 2000;
/** Ticks may be so much fewer or more than was seen: loaders and environments differ. */
const SPARE = 0.1;

/** "key: value" as YAML, indented. */
function entry(indent: string, key: string, value: unknown): string {
  return stringify({ [key]: value }, { lineWidth: 0, defaultStringType: "PLAIN" })
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => (line === "" ? line : `${indent}${line}`))
    .join("\n");
}

function list(indent: string, key: string, values: readonly string[]): string[] {
  if (values.length === 0) return [];
  return [`${indent}${key}: [${values.map((value) => JSON.stringify(value)).join(", ")}]`];
}

function isText(bytes: Buffer): boolean {
  return !bytes.includes(0) && Buffer.from(bytes.toString()).equals(bytes);
}

/** What is expected of the output: all of it, its last line, or nothing, as far as both runs agree. */
function outputLines(first: Buffer, second: Buffer): string[] {
  const indent = "      ";
  if (first.equals(second) && first.length <= SHORT && isText(first)) {
    return [`${indent}stdout:`, entry(`${indent}  `, "equals", first.toString())];
  }
  const [last, other] = [first, second].map((bytes) => bytes.toString().trimEnd().split("\n").at(-1) ?? "");
  if (last !== undefined && last !== "" && last === other && last.length <= SHORT && isText(first)) {
    const why = first.equals(second) ? "The output is long" : "The output differs from run to run";
    return [
      `${indent}# ${why}: this is its last line.`,
      `${indent}stdout:`,
      entry(`${indent}  `, "contains", last),
    ];
  }
  return [
    `${indent}# The output differs from run to run: a part of it could be expected, by 'contains' or 'matches'.`,
    `${indent}# stdout: { matches: '^done in \\d+ ms$' }`,
  ];
}

function endLine({ exit }: Sighting): string {
  return "code" in exit ? `      exit: ${exit.code}` : `      signal: ${signalName(exit.signal)}`;
}

/**
 * Writes the manifest.
 *
 * @param first What one recording has shown, and what another one has.
 * @returns Its text.
 */
export function firstManifest(test: FirstTest, first: Sighting, second: Sighting): string {
  const { name, key, value, args, schema } = test;
  const [least, most] = [Math.min(first.ticks, second.ticks), Math.max(first.ticks, second.ticks)];
  const ticks = `{ min: ${Math.floor(least * (1 - SPARE))}, max: ${Math.ceil(most * (1 + SPARE))} }`;
  const seen = least === most ? `${least}` : `${least} and ${most}`;
  return `${[
    `# yaml-language-server: $schema=${schema}`,
    "# Each test runs natively, is recorded and replayed; both must agree, and be as is expected here.",
    entry("", "suite", name),
    "timeout: 60 # seconds, for each of native run, record and replay",
    "",
    "tests:",
    `  - ${entry("", "name", name)}`,
    entry("    ", key, value),
    ...list("    ", "args", args),
    "    # stdin: what it reads; files: what is in its working folder; signals: what it is sent; matrix: in several ways.",
    "    expect:",
    endLine(first),
    ...outputLines(first.stdout, second.stdout),
    `      # Retired conditional branches: two recordings had ${seen}. An exact number, or { baseline: 5% }, is stricter.`,
    `      ticks: ${ticks}`,
  ].join("\n")}\n`;
}

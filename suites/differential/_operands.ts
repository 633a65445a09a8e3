/** Random operands of random instructions, in AT&T syntax; addresses lie in the data. */
import { readFileSync } from "node:fs";
import type { Random } from "./_random.ts";

const LETTERED = ["ax", "bx", "cx", "dx", "si", "di", "bp"] as const;
const NUMBERED = ["8", "9", "10", "11", "13"] as const;

/** An operand size: suffix, registers, largest immediate. */
interface Size {
  suffix: string;
  registers: readonly string[];
  limit: number;
}

const numbered = (suffix: string): string[] => NUMBERED.map((name) => `%r${name}${suffix}`);
export const Q: Size = {
  suffix: "q",
  registers: [...LETTERED.map((r) => `%r${r}`), ...numbered("")],
  limit: 2 ** 31,
};
export const L: Size = {
  suffix: "l",
  registers: [...LETTERED.map((r) => `%e${r}`), ...numbered("d")],
  limit: 2 ** 31,
};
export const W: Size = {
  suffix: "w",
  registers: [...LETTERED.map((r) => `%${r}`), ...numbered("w")],
  limit: 2 ** 15,
};
export const B: Size = {
  suffix: "b",
  registers: ["%al", "%bl", "%cl", "%dl", "%sil", "%dil", "%bpl", ...numbered("b")],
  limit: 2 ** 7,
};
export const HIGH = ["%ah", "%bh", "%ch", "%dh"];
export const LOW = ["%al", "%bl", "%cl", "%dl"];

/** What the processor has, as /proc/cpuinfo names it. */
const FEATURES: ReadonlySet<string> = new Set(
  (/^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "latin1"))?.[1] ?? "").trim().split(" "),
);
export const has = (feature: string): boolean => FEATURES.has(feature);

/** An operand in memory, in every form of an address; what it needs before it ends with "; ". */
function memory(random: Random): { before: string; operand: string } {
  const at = random.below(2000);
  const mask = `movzbl ${random.of(LOW)}, %r11d; `;
  const forms: readonly (readonly [string, string])[] = [
    ["", `${at}(%r14)`],
    ["", `${random.below(100)}(%r14)`],
    ["", `data+${at}(%rip)`],
    ["", `data+${at}`],
    ["", `-${8 + random.below(120)}(%rsp)`],
    [mask, `${random.below(100)}(%r14,%r11,${random.of([1, 2, 4, 8])})`],
    [mask, `data+${at}(,%r11,${random.of([1, 2, 4, 8])})`],
    [mask, `data+${at}(%r11)`],
    ["", `${at}(%r14d)`],
    [mask, `${random.below(100)}(%r14d,%r11d,4)`],
    ["", `%${random.of(["ds", "es", "ss", "fs", "gs"])}:${at}(%r14)`],
  ];
  const [before, operand] = random.of(forms);
  return { before, operand };
}

/** With an operand in memory. */
export function withMemory(random: Random, text: (operand: string) => string): string {
  const { before, operand } = memory(random);
  return `${before}${text(operand)}`;
}

export function immediate(random: Random, { limit }: Size): string {
  return `$${random.of([0, 1, -1, random.below(limit) - limit / 2, random.below(128)])}`;
}

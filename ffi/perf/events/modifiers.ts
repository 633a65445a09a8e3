/**
 * Modifiers behind an event's name: letters as perf-list(1) has them (`:ukhIGHpDe`), and the words `:in_tx` and
 * `:in_txcp`, several apart by colons: `retired-conditional-branches:u:in_txcp`.
 */

import type { PerfAttr } from "../attr.ts";
import { IN_TX, IN_TXCP, type PerfAttrFlag } from "../constants.ts";
import { EventNameError } from "./error.ts";

/** What modifiers ask for. */
export interface Modifiers {
  readonly flags: readonly PerfAttrFlag[];
  readonly precise_ip: number;
  /** Bits to be set in a raw config. */
  readonly transaction: bigint;
}

const WORDS: ReadonlyMap<string, bigint> = new Map([
  ["in_tx", IN_TX],
  ["in_txcp", IN_TXCP],
]);
const LETTERS = new Set("ukhIGHpDe");
const MAX_PRECISE = 3;

/** Modes that letters name: with any of them named, the others are excluded. */
const MODES = [
  ["u", "exclude_user"],
  ["k", "exclude_kernel"],
  ["h", "exclude_hv"],
] as const;

/**
 * Reads modifiers.
 *
 * @param event The whole name, for errors.
 * @param text What stands behind the name, without the first colon; "" for none.
 * @throws EventNameError for one that is none.
 */
export function parseModifiers(event: string, text: string): Modifiers {
  const letters = new Set<string>();
  let transaction = 0n;
  let precise_ip = 0;
  for (const part of text === "" ? [] : text.split(":")) {
    const bit = WORDS.get(part);
    if (bit !== undefined) {
      transaction |= bit;
      continue;
    }
    for (const letter of part) {
      if (!LETTERS.has(letter)) {
        const known = [...WORDS.keys()];
        throw new EventNameError(
          event,
          `modifiers are the letters ${[...LETTERS].join("")} and the words ${known.join(", ")}: current value is '${part}'`,
          { name: part, known },
        );
      }
      if (letter === "p") precise_ip++;
      letters.add(letter);
    }
  }
  if (precise_ip > MAX_PRECISE) {
    throw new EventNameError(
      event,
      `'p' may stand ${MAX_PRECISE} times: current value is ${precise_ip} times`,
    );
  }
  const flags: PerfAttrFlag[] = [];
  if (MODES.some(([letter]) => letters.has(letter))) {
    for (const [letter, flag] of MODES) if (!letters.has(letter)) flags.push(flag);
  }
  if (letters.has("G") && !letters.has("H")) flags.push("exclude_host");
  if (letters.has("H") && !letters.has("G")) flags.push("exclude_guest");
  if (letters.has("I")) flags.push("exclude_idle");
  if (letters.has("D")) flags.push("pinned");
  if (letters.has("e")) flags.push("exclusive");
  return { flags, precise_ip, transaction };
}

/** The part of an attr that modifiers make. */
export function modifierAttr({ flags, precise_ip }: Modifiers): Pick<PerfAttr, "flags" | "precise_ip"> {
  return { flags, ...(precise_ip > 0 && { precise_ip }) };
}

/** Names and numbers of signals. */
import { constants } from "node:os";

const NAMES = new Map<number, string>();
for (const [name, number] of Object.entries(constants.signals)) {
  // The first name of a number is the usual one (SIGIO before SIGPOLL, SIGABRT before SIGIOT).
  if (!NAMES.has(number)) NAMES.set(number, name);
}

/** First of the real-time signals, as the kernel counts. */
const SIGRTMIN = 32;

/**
 * The name of a signal.
 *
 * @param number The signal's number.
 * @returns "SIGTERM", "SIGRTMIN+2", or "signal 99" for none.
 */
export function signalName(number: number): string {
  const name = NAMES.get(number);
  if (name !== undefined) return name;
  return number >= SIGRTMIN && number <= 64 ? `SIGRTMIN+${number - SIGRTMIN}` : `signal ${number}`;
}

/** The names that a manifest may use: "SIGTERM", … */
export const SIGNAL_NAMES: readonly string[] = Object.keys(constants.signals);

/**
 * The number of a signal.
 *
 * @param name One of {@link SIGNAL_NAMES}.
 * @returns Its number, or undefined if there is no such signal.
 */
export function signalNumber(name: string): number | undefined {
  return Object.entries(constants.signals).find(([known]) => known === name)?.[1];
}

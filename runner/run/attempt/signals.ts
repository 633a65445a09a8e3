/** The signals that a manifest wants a program to be sent, as those take them who send them. */
import type { Sends } from "../../manifest/mod.ts";
import { toRegex } from "../../manifest/mod.ts";
import type { Send, SignalName } from "../../script/send.ts";
import type { TestCase } from "../types.ts";

function toSend({ send, at: { ms, ticks, output = "" } }: Sends[number]): Send {
  const signal = send as SignalName;
  if (ticks !== undefined) return { send: signal, at: { ticks } };
  return { send: signal, at: ms !== undefined ? { ms } : { output: toRegex(output) } };
}

/** The signals of a test. */
export function sendsOf({ signals = [] }: TestCase): Send[] {
  return signals.map(toSend);
}

/** Whether a test's program can run by itself: on a described host, or with a signal at a tick, it needs the engine. */
export function hasNativeRun({ host, signals = [] }: TestCase): boolean {
  return host === undefined && signals.every(({ at }) => at.ticks === undefined);
}

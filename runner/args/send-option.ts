/** `--send SIGUSR1@1000,SIGTERM@5000`: signals at exact ticks, as the command line has them. */
import { didYouMean } from "../../ffi/mod.ts";
import { UsageError } from "../errors/mod.ts";
import { SIGNAL_NAMES, signalNumber } from "../text/mod.ts";

/** A signal and the ticks at which it comes, as the engine takes it. */
export interface SignalAtTicks {
  signal: number;
  ticks: number;
}

/**
 * Reads the option.
 *
 * @throws {UsageError} For what is no signal or no number of ticks.
 */
export function parseSends(text: string): SignalAtTicks[] {
  return text.split(",").map((part) => {
    const [, name, ticks] = /^(\w+)@(\d+)$/.exec(part.trim()) ?? [];
    if (name === undefined || !Number.isSafeInteger(Number(ticks))) {
      throw new UsageError(`--send takes SIGNAL@TICKS, such as SIGUSR1@100000: it is '${part}'`);
    }
    const signal = signalNumber(name);
    if (signal === undefined) {
      throw new UsageError(`--send: no signal is called '${name}'${didYouMean(name, SIGNAL_NAMES)}`);
    }
    return { signal, ticks: Number(ticks) };
  });
}

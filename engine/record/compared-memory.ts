/**
 * Memory of calls that do not say what they write (unknown requests of ioctl, without a size in their bits): it is compared with
 * what it was before. A driver that writes further away, or behind a pointer in there, would not be noticed; those that are
 * known to do so are refused (`kernel/table/ioctl.ts`).
 */
import { holds } from "../kernel/mod.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** More than any such argument has: requests of that style take a word, or a struct of some hundred bytes. */
const MOST_BYTES = 8192;
/** End of the memory that a program can have. */
const USER_END = 2 ** 47;

/** A call is about to be made. */
export function keepCompared({ space }: RecordedTask, call: Call): void {
  const compared = call.spec?.compared;
  if (!compared || !holds(compared.when, call)) return;
  const address = call.argument(compared.at);
  if (address === 0 || address >= USER_END) return;
  call.compared = { address, bytes: space.memory.read(address, MOST_BYTES).slice() };
}

/** A call has been made: tells what is different. */
export function tellCompared({ space }: RecordedTask, call: Call): void {
  const { compared } = call;
  if (!compared) return;
  const now = space.memory.read(compared.address, compared.bytes.length);
  const differs = (byte: number, i: number): boolean => byte !== compared.bytes[i];
  const first = now.findIndex(differs);
  if (first < 0) return;
  call.wrote.push({ address: compared.address + first, length: now.findLastIndex(differs) + 1 - first });
}

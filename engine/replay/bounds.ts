/**
 * Where a trace may reach: a replay does what its events say to the memory of replayed processes alone, and not to the
 * engine's own memory in them.
 */
import type { AddressSpace } from "../tracee/address-space.ts";
import { PAGE_SIZE } from "../tracee/mappings.ts";

/** End of the memory that a program can have, with 4-level page tables (Documentation/arch/x86/x86_64/mm.rst). */
const USER_END = 2 ** 47 - PAGE_SIZE;

/** An event that no recording has; the replayer says which one. The message is a clause: "it maps …". */
export class ImpossibleEvent extends Error {
  override readonly name = "ImpossibleEvent";
}

/**
 * Checks a range that an event wants to change.
 *
 * @param what What it does there: "maps".
 * @throws ImpossibleEvent if it is not in the program's part of its memory.
 */
export function checkRange(space: AddressSpace, start: number, end: number, what: string): void {
  const isProgram = start >= 0 && start <= end && end <= USER_END;
  if (isProgram && !space.holdsEngine(start, end)) return;
  const where = `0x${start.toString(16)} to 0x${end.toString(16)}`;
  throw new ImpossibleEvent(
    isProgram
      ? `it ${what} ${where}, where the engine's own memory lies`
      : `it ${what} ${where}, where no program has memory`,
  );
}

/**
 * {@link checkRange} for many ranges of a space that stays as it is meanwhile.
 *
 * @returns Checks one of them.
 */
export function rangeCheck(space: AddressSpace, what: string): (start: number, end: number) => void {
  const { parts } = space.cacheSpace;
  return (start, end) => {
    // What is certain, without looking for the engine's parts once more.
    for (const part of parts) {
      if (start < part.end && end > part.start) checkRange(space, start, end, what);
    }
    if (!(start >= 0 && start <= end && end <= USER_END)) checkRange(space, start, end, what);
  };
}

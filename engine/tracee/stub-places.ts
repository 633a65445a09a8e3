/** What a place in the stub for system calls (`call-stub.ts`) tells of a task that has stopped there. */
import { CALL_STUB, CONTEXT_SIZE } from "../translate/context.ts";
import { CALL_ENTRY, placeOf, STUB_END } from "./call-stub.ts";

const INSIDE = { start: CONTEXT_SIZE + CALL_STUB.start, end: STUB_END };
const TRIED = placeOf("flowed");
const COUNT = { start: placeOf("count"), end: placeOf("area") };

/** Steps of a call on the signal mask (`mask-stub.ts`): a signal that comes in one of them is to find the mask as before. */
const MASKING = {
  begun: placeOf("masking"),
  asked: placeOf("asked"),
  naming: placeOf("naming"),
  named: placeOf("named"),
  changed: placeOf("mask_changed"),
  undoing: placeOf("unmask"),
  end: placeOf("list"),
  traced: placeOf("traced"),
} as const;

/** Whether a task at a pc is in the midst of a call that the stub does. @param base Of the fixed parts. */
export function isInCallStub(base: number, pc: number): boolean {
  return pc >= base + INSIDE.start && pc < base + INSIDE.end;
}

/** Whether a task at a pc is going to make a call that the tracer has looked at. @param base Of the fixed parts. */
export function isInFrontOfCall(base: number, pc: number): boolean {
  return pc === base + CALL_ENTRY.ahead;
}

/** Whether a task at a pc has made all calls of a list: the last instruction of all is a trap. @param base Of the fixed parts. */
export function hasMadeList(base: number, pc: number): boolean {
  return pc === base + STUB_END;
}

/** Whether a task at a pc has just tried to write what nobody can read, maybe. @param base Of the fixed parts. */
export function hasTriedToSend(base: number, pc: number): boolean {
  return pc === base + TRIED;
}

/** Whether a task at a pc may have changed its signal mask in a call that is to be taken back. @param base Of the fixed parts. */
export function hasChangedMask(base: number, pc: number): boolean {
  const isBefore = pc >= base + MASKING.named && pc < base + MASKING.changed;
  return isBefore || (pc >= base + MASKING.undoing && pc < base + MASKING.end);
}

/**
 * Where a task goes on that a signal has stopped in the stub, whose counters may be armed anew, and whose mask may hold signals
 * from now on.
 *
 * @param base Of the fixed parts.
 */
export function callStubResumption(base: number, pc: number): number {
  if (pc > base + COUNT.start && pc < base + COUNT.end) return base + COUNT.start;
  const isAsking = pc >= base + MASKING.begun && pc < base + MASKING.asked;
  const isNaming = pc >= base + MASKING.naming && pc < base + MASKING.named;
  return isAsking || isNaming || hasChangedMask(base, pc) ? base + MASKING.traced : pc;
}

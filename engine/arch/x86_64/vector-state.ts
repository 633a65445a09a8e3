/** The floating-point and vector registers of a task. */
import { getRegSet, isErrno, NativeBuffer, NT, setRegSet } from "../../../ffi/mod.ts";

/** Offset of the header in the XSAVE area, behind the legacy state, where XSTATE_BV says what is not in its initial state (SDM vol. 1, 13.4). */
const XSAVE_HEADER = 512;
/** Bytes that an XSAVE area has at most, with any features of today; and of an FXSAVE area. */
export const MOST_STATE = 16384;
export const LEGACY_STATE = 512;

/** Saves them, sets them, and puts them into their initial state. */
export class VectorState implements Disposable {
  readonly #area = NativeBuffer.map(MOST_STATE);

  /** To what a signal handler begins with (fpu__clear_user_states). @param tid A stopped task. */
  reset(tid: number): void {
    const size = getRegSet(tid, NT.X86_XSTATE, this.#area);
    this.#area.u64.fill(0n, XSAVE_HEADER / 8, XSAVE_HEADER / 8 + 1);
    setRegSet(tid, NT.X86_XSTATE, this.#area, size);
  }

  /** @param tid A stopped task. @returns All of them. */
  save(tid: number): Uint8Array {
    const size = getRegSet(tid, NT.X86_XSTATE, this.#area);
    return this.#area.u8.slice(0, size);
  }

  /** Sets all of them as they were saved. @param tid A stopped task. */
  load(tid: number, saved: Uint8Array): void {
    this.#area.u8.set(saved);
    setRegSet(tid, NT.X86_XSTATE, this.#area, saved.length);
  }

  /** Sets them as a trace or a program says. @returns Whether the processor has what they say. */
  set(tid: number, area: Uint8Array): boolean {
    this.#area.u8.set(area);
    try {
      setRegSet(tid, NT.X86_XSTATE, this.#area, area.length);
      return true;
    } catch (error) {
      if (isErrno(error, "EINVAL") || isErrno(error, "EFAULT")) return false;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#area[Symbol.dispose]();
  }
}

/** The floating-point and vector registers of a task. */
import { getRegSet, NativeBuffer, NT, setRegSet } from "../../../ffi/mod.ts";

/** Offset of the header in the XSAVE area, where XSTATE_BV says what is not in its initial state (SDM vol. 1, 13.4). */
const XSAVE_HEADER = 512;
/** An XSAVE area is no larger than this with any features of today. */
const MAX_XSAVE = 16384;

/** Puts them into their initial state, as a signal handler begins with (fpu__clear_user_states). */
export class VectorState implements Disposable {
  readonly #area = NativeBuffer.map(MAX_XSAVE);

  /** @param tid A stopped task. */
  reset(tid: number): void {
    const size = getRegSet(tid, NT.X86_XSTATE, this.#area);
    this.#area.u64.fill(0n, XSAVE_HEADER / 8, XSAVE_HEADER / 8 + 1);
    setRegSet(tid, NT.X86_XSTATE, this.#area, size);
  }

  [Symbol.dispose](): void {
    this.#area[Symbol.dispose]();
  }
}

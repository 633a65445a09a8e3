/** What is shown at an address. */
import type { Board, LiveAttempt } from "../page-types.ts";

/** A view; what it does not hear of, it does not show. */
export interface View {
  title: string;
  element: HTMLElement;
  /** The board has changed. */
  board?(board: Board): void;
  /** Attempts have ended. */
  attempts?(attempts: readonly LiveAttempt[]): void;
  /** It is in the page now. */
  shown?(): void;
}

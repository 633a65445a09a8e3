/** What can be counted: an event with all that the kernel must be told of it, whoever named it. */

import type { PerfAttr } from "./attr.ts";

/** An event, ready to be opened. */
export interface PerfEvent {
  /** As reports show it: "cycles:u". */
  readonly name: string;
  /** `type`, `config`…, the flags of its modifiers, `precise_ip`; what a counter adds is not in it. */
  readonly attr: PerfAttr;
  /** Processors on which it must be opened (events of a whole package). @default any */
  readonly cpus?: readonly number[];
  /** What one count is, if not one event: "Joules". */
  readonly unit?: string;
  /** Factor from counts to {@link unit}. @default 1 */
  readonly scale?: number;
}

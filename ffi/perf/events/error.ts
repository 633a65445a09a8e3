/** An event name that means nothing on this host: the user's to mend. */

import { didYouMean } from "../../text/mod.ts";

/** A name that could not be resolved; the message says which part, and what was probably meant. */
export class EventNameError extends Error {
  override readonly name = "EventNameError";

  /**
   * @param event The whole name as it was given.
   * @param rule What is wrong with it.
   * @param part The part that is unknown, and the names that would be right in its place.
   */
  constructor(event: string, rule: string, part?: { name: string; known: Iterable<string> }) {
    super(`cannot count '${event}': ${rule}${part === undefined ? "" : didYouMean(part.name, part.known)}`);
  }
}

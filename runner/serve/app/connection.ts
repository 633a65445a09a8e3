/** What the server says: events that it pushes, and answers to questions. */
import type { Board, LiveAttempt } from "../page-types.ts";

/** Those who hear of events. */
export interface Listener {
  board(board: Board): void;
  attempts(attempts: readonly LiveAttempt[]): void;
  /** Whether the connection stands. */
  standing(isUp: boolean): void;
}

/** Hears of events, for as long as the page is there; the browser connects again by itself. */
export function listen(listener: Listener): void {
  const source = new EventSource("/events");
  source.addEventListener("board", ({ data }) => {
    listener.standing(true);
    listener.board(JSON.parse(data));
  });
  source.addEventListener("attempts", ({ data }) => listener.attempts(JSON.parse(data)));
  source.addEventListener("error", () => {
    listener.standing(false);
    // An answer that is no stream (too many pages) ends it for good.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => again(source, listener), AGAIN_MS);
  });
}

const AGAIN_MS = 5000;

function again(source: EventSource, listener: Listener): void {
  source.close();
  listen(listener);
}

/** An answer that says why there is none. */
export class Refused extends Error {}

/** Asks the server. @throws {Refused} With the server's words. */
export async function ask<T>(
  path: string,
  query: Readonly<Record<string, string | number>> = {},
): Promise<T> {
  const words = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]));
  const response = await fetch(`${path}?${words}`);
  if (!response.ok) throw new Refused((await response.text()).trim());
  return (await response.json()) as T;
}

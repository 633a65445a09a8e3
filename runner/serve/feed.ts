/**
 * What the page is told without asking: a board when something has changed, and attempts as they end. All pages share one watch
 * of the history and one question; without a page nothing is asked.
 */
import type { LiveHistory } from "../history/mod.ts";
import { liveAttempt } from "./board.ts";
import type { Board, LiveAttempt } from "./page-types.ts";

/** Pages at most: each has a connection of its own. */
const MOST_PAGES = 200;
/** Boards are not sent more often; what changes meanwhile is in the next one. */
const LEAST_GAP_MS = 500;
/** A page that is not told of changes hears that the connection stands, and proxies do, too. */
const ALIVE_MS = 15_000;
/** Runs are lost without word of it, and a notice may be: it is asked again after so long, if there is a page. */
const AGAIN_MS = 30_000;
/** Attempts of one run that are told at once: the newest. */
const MOST_ATTEMPTS = 50;
/** Messages that a page has not taken: it is slower than the runs are, and comes again. */
const MOST_WAITING = 64;

type Page = ReadableStreamDefaultController<Uint8Array>;

/** What a feed is made from. */
export interface FeedOptions {
  live: LiveHistory;
  /** Makes what the page shows first. */
  board: () => Promise<Board>;
  /** Takes what goes wrong with the history. */
  onFault: (error: unknown) => void;
}

/** Pages that are told of changes. */
export class Feed implements AsyncDisposable {
  readonly #options: FeedOptions;
  readonly #pages = new Set<Page>();
  readonly #alive: Timer;
  readonly #again: Timer;
  #watch: Promise<AsyncDisposable> | undefined;
  #sent = "";
  #isChanged = false;
  #working: Promise<void> | undefined;
  #isOver = false;
  /** The last attempt of each run in progress that pages were told of. */
  #told = new Map<number, number>();

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#alive = setInterval(() => this.#send(": so far\n\n"), ALIVE_MS);
    this.#again = setInterval(() => this.#changed(), AGAIN_MS);
  }

  /**
   * A stream of events for one page.
   *
   * @param gone Aborted when the page goes.
   * @returns Undefined where there are too many.
   */
  join(gone: AbortSignal): ReadableStream<Uint8Array> | undefined {
    if (this.#isOver || this.#pages.size >= MOST_PAGES) return undefined;
    let page: Page;
    gone.addEventListener("abort", () => this.#leave(page), { once: true });
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          page = controller;
          this.#pages.add(page);
          // It comes again after a second.
          controller.enqueue(bytes("retry: 1000\n\n"));
          this.#welcome(page);
        },
        cancel: () => this.#leave(page),
      },
      new CountQueuingStrategy({ highWaterMark: MOST_WAITING }),
    );
  }

  /** How many pages there are. */
  get size(): number {
    return this.#pages.size;
  }

  #leave(page: Page): void {
    this.#pages.delete(page);
  }

  /** The board as it was sent last, or a first one; the watch begins with the first page. */
  #welcome(page: Page): void {
    this.#watch ??= this.#options.live
      .watch(() => this.#changed(), this.#options.onFault)
      .catch((error) => {
        this.#options.onFault(error);
        this.#watch = undefined;
        // It is tried again with the next page; until then changes are seen when it is asked again.
        return { [Symbol.asyncDispose]: async () => undefined };
      });
    if (this.#sent !== "") page.enqueue(bytes(this.#sent));
    this.#changed();
  }

  #changed(): void {
    if (this.#pages.size === 0 || this.#isOver) {
      // Whoever comes next gets a board of then.
      this.#sent = "";
      this.#told.clear();
      return;
    }
    this.#isChanged = true;
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  async #work(): Promise<void> {
    while (this.#isChanged && !this.#isOver) {
      this.#isChanged = false;
      try {
        await this.#tell();
      } catch (error) {
        this.#options.onFault(error);
      }
      await Bun.sleep(LEAST_GAP_MS);
    }
  }

  async #tell(): Promise<void> {
    const board = await this.#options.board();
    const attempts = await this.#newAttempts(board);
    const message = event("board", board);
    if (message !== this.#sent) this.#send(message);
    this.#sent = message;
    if (attempts.length > 0) this.#send(event("attempts", attempts));
  }

  /** Attempts of runs in progress that have ended since pages were told last. */
  async #newAttempts({ open }: Board): Promise<LiveAttempt[]> {
    const before = this.#told;
    this.#told = new Map(open.map(({ id, attempts }) => [id, attempts]));
    const found: LiveAttempt[] = [];
    for (const { id, attempts } of open) {
      // Of a run that pages have not heard of, those before are in what they ask for.
      const after = Math.max(before.get(id) ?? attempts, attempts - MOST_ATTEMPTS);
      if (after >= attempts) continue;
      const part = { run: id, bad: false, word: "", after, limit: MOST_ATTEMPTS };
      found.push(...(await this.#options.live.attemptsOfRun(part)).map(liveAttempt));
    }
    return found;
  }

  #send(text: string): void {
    const data = bytes(text);
    for (const page of this.#pages) {
      if ((page.desiredSize ?? 0) > 0) page.enqueue(data);
      else {
        this.#leave(page);
        page.close();
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    clearInterval(this.#alive);
    clearInterval(this.#again);
    for (const page of this.#pages) page.close();
    this.#pages.clear();
    await this.#working;
    await (await this.#watch)?.[Symbol.asyncDispose]();
  }
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** JSON has no line ends of its own, so it is one line of an event. */
function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * Timelines of traces that this machine has, by name only: a name is looked up in the index of the folder of traces, and no
 * part of a request is ever a path. A trace is read in a thread of its own, since it may be long, or made to be.
 */
import { hostname } from "node:os";
import { resolve } from "node:path";
import { indexOfTraces } from "../files/mod.ts";
import type { Timeline } from "../report-page/mod.ts";

/** A timeline that takes longer to read is given up. */
const MOST_MS = 60_000;

/** What the thread says. */
export type TimelineAnswer = { timeline: Timeline } | { damage: string };

/** The traces of this machine, as they are now. */
export class TracesHere {
  readonly #byPath: Map<string, string>;
  readonly #byName: Map<string, string>;

  constructor() {
    this.#byName = indexOfTraces();
    this.#byPath = new Map([...this.#byName].map(([name, path]) => [path, name]));
  }

  /** The name of the trace of an attempt, if this machine made it and has it still. */
  nameOf(host: string, path: string | undefined): string | undefined {
    if (path === undefined || host !== hostname()) return undefined;
    return this.#byPath.get(resolve(path));
  }

  /** Where a trace of a name lies; undefined if the index does not have it. */
  pathOf(name: string): string | undefined {
    return this.#byName.get(name);
  }
}

/** Reads ends of traces, one after the other. */
export class TimelineReader {
  #last: Promise<unknown> = Promise.resolve();

  /** @param path From the index. */
  async read(path: string): Promise<TimelineAnswer> {
    const read = this.#last.then(() => inThread(path));
    this.#last = read.catch(() => undefined);
    return await read;
  }
}

async function inThread(path: string): Promise<TimelineAnswer> {
  const { promise, resolve: done, reject } = Promise.withResolvers<TimelineAnswer>();
  const worker = new Worker(new URL("./timeline-worker.ts", import.meta.url), { ref: false });
  const timer = setTimeout(() => done({ damage: "it is too long to be shown here" }), MOST_MS);
  worker.onmessage = ({ data }: MessageEvent<TimelineAnswer>) => done(data);
  worker.onerror = ({ message }) => reject(new Error(message));
  worker.postMessage(path);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    worker.terminate();
  }
}

/** The server: a fixed table of addresses, behind the rules of who may ask. */
import { UsageError } from "../errors/mod.ts";
import type { History } from "../history/mod.ts";
import { judge } from "./access.ts";
import {
  matrixAnswer,
  runAnswer,
  type Sources,
  testAnswer,
  timelineAnswer,
  Unanswerable,
} from "./answers.ts";
import { makeBoard } from "./board.ts";
import { Feed } from "./feed.ts";
import type { ServePlace } from "./place.ts";
import { SAFE_HEADERS, SHELL } from "./shell.ts";
import { TimelineReader } from "./traces.ts";

/** What is served. */
export interface ServeOptions {
  history: History;
  /** What people are told of where the history is. */
  store: string;
  place: ServePlace;
  /** The page's program and style. */
  app: { script: string; style: string };
  /** Takes a sentence for whoever runs the server. */
  warn: (words: string) => void;
}

/** A server that runs. */
export interface Serving extends AsyncDisposable {
  url: string;
  /** Pages that are told of changes. */
  pages(): number;
}

/** What answers questions, by their addresses. */
const QUESTIONS: Readonly<Record<string, (sources: Sources, query: URLSearchParams) => Promise<unknown>>> = {
  "/api/matrix": matrixAnswer,
  "/api/test": testAnswer,
  "/api/run": runAnswer,
  "/api/timeline": timelineAnswer,
};

/** Addresses of the page itself: what it shows there is its program's business. */
const PAGES = /^\/(?:tests|runs(?:\/\d{1,10})?|tests\/[^/]{1,1500})?$/;

/** Seconds after which a connection that says nothing is closed. */
const IDLE_SECONDS = 60;
/** Words for whoever runs the server are not said again before. */
const WARN_AGAIN_MS = 60_000;

/** Starts a server. @throws {UsageError} If it can't listen there. */
export async function startServer({ history, store, place, app, warn }: ServeOptions): Promise<Serving> {
  const { live } = history;
  const faults = new Faults(warn);
  const feed = new Feed({
    live,
    board: () => makeBoard(live, store, new Date()),
    onFault: (error) => faults.take(error),
  });
  const sources: Sources = { live, timelines: new TimelineReader() };

  const answer = async (request: Request, server: Bun.Server<undefined>): Promise<Response> => {
    const verdict = judge(request, server.requestIP(request)?.address ?? "", place.access);
    if ("status" in verdict) return plain(verdict.status, verdict.words, verdict.headers);
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/app.js") return typed("text/javascript", app.script);
    if (pathname === "/app.css") return typed("text/css", app.style);
    if (PAGES.test(pathname)) return typed("text/html", SHELL);
    if (pathname === "/api/user") return json(verdict);
    if (pathname === "/events") {
      if (request.method === "HEAD") return typed("text/event-stream", "");
      server.timeout(request, 0);
      const stream = feed.join(request.signal);
      return stream === undefined
        ? plain(503, "there are too many pages open")
        : new Response(stream, { headers: { ...SAFE_HEADERS, "Content-Type": "text/event-stream" } });
    }
    const question = Object.hasOwn(QUESTIONS, pathname) ? QUESTIONS[pathname] : undefined;
    if (question === undefined) return plain(404, "there is nothing at this address");
    return json(await question(sources, searchParams));
  };

  const refuse = (error: unknown): Response => {
    if (error instanceof Unanswerable) return plain(error.status, error.message);
    faults.take(error);
    return plain(503, "the history can't be asked at the moment");
  };

  const server = listen(place, async (request, server) => {
    try {
      return await answer(request, server);
    } catch (error) {
      return refuse(error);
    }
  });
  return {
    url: server.url.href,
    pages: () => feed.size,
    async [Symbol.asyncDispose]() {
      await feed[Symbol.asyncDispose]();
      await server.stop(true);
    },
  };
}

type Answer = (request: Request, server: Bun.Server<undefined>) => Promise<Response>;

function listen({ host, port }: ServePlace, fetch: Answer): Bun.Server<undefined> {
  try {
    return Bun.serve({
      hostname: host,
      port,
      idleTimeout: IDLE_SECONDS,
      // Nobody sends anything.
      maxRequestBodySize: 1,
      development: false,
      // Bun shares the port with others outside of development, if it is not told: another server would take half of the requests.
      reusePort: false,
      fetch,
    });
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new UsageError(
      `can't listen at ${host}, port ${port} (${error.code}): name another --port or --host, or end who has it`,
    );
  }
}

/** What goes wrong with the history, told to whoever runs the server, not too often, and never to a page. */
class Faults {
  readonly #warn: (words: string) => void;
  #last: { words: string; at: number } | undefined;

  constructor(warn: (words: string) => void) {
    this.#warn = warn;
  }

  /** Tells of it; what is a fault of tickproof itself has its place with it. */
  take(error: unknown): void {
    const words =
      error instanceof UsageError ? error.message : `a fault of tickproof itself: ${Bun.inspect(error)}`;
    const now = performance.now();
    if (this.#last?.words === words && now - this.#last.at < WARN_AGAIN_MS) return;
    this.#last = { words, at: now };
    this.#warn(words);
  }
}

function typed(type: string, body: string): Response {
  return new Response(body, { headers: { ...SAFE_HEADERS, "Content-Type": `${type}; charset=utf-8` } });
}

function json(value: unknown): Response {
  return typed("application/json", JSON.stringify(value));
}

function plain(status: number, words: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${words}\n`, {
    status,
    headers: { ...SAFE_HEADERS, ...headers, "Content-Type": "text/plain; charset=utf-8" },
  });
}

/** Live pages for tests: a server of this process, over a history that the test writes to. */
import type { BrowserContextOptions, Page } from "playwright-core";
import { History } from "../../runner/history/mod.ts";
import { bundleLivePage, type PlaceOptions, placeOf, startServer } from "../../runner/serve/mod.ts";
import { browserTest } from "../_browser.ts";
import { Scratch } from "../_tickproof.ts";

/** What a test has. */
export interface Live {
  page: Page;
  url: string;
  /** What is written here the page hears of: it is another connection than the server's. */
  history: History;
  /** Sentences that the server has said. */
  said: string[];
}

let app: Promise<{ script: string; style: string }> | undefined;

/** How the server and the browser are. */
export interface LiveOptions extends BrowserContextOptions {
  place?: Partial<PlaceOptions>;
  /** What the history has before the page is opened. */
  history?: (history: History) => Promise<void>;
}

/** A test of the live page; every request goes to the server, and no error is in the page. */
export function livePageTest(
  name: string,
  { place, history: fill, ...view }: LiveOptions,
  body: (live: Live) => Promise<void>,
): void {
  browserTest(name, view, async (page) => {
    using scratch = new Scratch();
    const file = scratch.file("history.sqlite");
    await using history = await History.open({ kind: "sqlite", path: file });
    await fill?.(history);
    await using served = await History.open({ kind: "sqlite", path: file });
    const said: string[] = [];
    app ??= bundleLivePage();
    await using serving = await startServer({
      history: served,
      store: "a store",
      place: placeOf({
        ...{ host: undefined, port: "0", proxy: undefined, name: undefined },
        ...{ "token-file": undefined, "user-header": undefined, ...place },
      }),
      app: await app,
      warn: (words) => said.push(words),
    });
    const foreign: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(serving.url) && !request.url().startsWith("data:"))
        foreign.push(request.url());
    });
    await page.goto(serving.url);
    await body({ page, url: serving.url, history, said });
    if (foreign.length > 0) throw new Error(`the page asks others: ${foreign.join(", ")}`);
    // The page has a stream open, which the server would wait for.
    await page.close();
  });
}

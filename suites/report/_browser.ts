/** A real Chromium for tests of the report, without a network; what goes wrong in a page fails its test. */
import { afterAll } from "bun:test";
import { assertEquals } from "@std/assert";
import { type Browser, chromium, type Page } from "playwright-core";
import { hostTest } from "../_tickproof.ts";

/** Debian's name of it. */
const CHROMIUM = "chromium";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let browser: Promise<Browser> | undefined;

afterAll(async () => {
  await (await browser)?.close();
});

/** How a page is opened. */
export interface View {
  /** @default "light" */
  colorScheme?: "light" | "dark";
}

/**
 * A test of a page of a file. It is skipped, with its reason, where there is no Chromium.
 *
 * @param file Makes the page; gives its path.
 * @param body What to do with the page once it is there. All requests and errors of it are checked afterwards.
 */
export function pageTest(
  name: string,
  file: () => Promise<string>,
  body: (page: Page) => Promise<void>,
  { colorScheme = "light" }: View = {},
): void {
  hostTest(name, [CHROMIUM], async () => {
    browser ??= chromium.launch({ executablePath: Bun.which(CHROMIUM) ?? CHROMIUM, args: FLAGS });
    const context = await (await browser).newContext({
      offline: true,
      colorScheme,
      reducedMotion: "reduce",
      viewport: { width: 1280, height: 800 },
    });
    try {
      const page = await context.newPage();
      const [requests, wrong]: [string[], string[]] = [[], []];
      page.on("request", (request) => requests.push(request.url()));
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) wrong.push(message.text());
      });
      page.on("pageerror", (error) => wrong.push(String(error)));
      const url = Bun.pathToFileURL(await file()).href;
      await page.goto(url);
      await body(page);
      assertEquals(wrong, [], "the page has no errors");
      assertEquals(
        requests.filter((request) => !request.startsWith("data:")),
        [url],
        "the page asks for nothing but itself",
      );
    } finally {
      await context.close();
    }
  });
}

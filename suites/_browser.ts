/** A real Chromium for tests of pages; what goes wrong in a page fails its test. */
import { afterAll } from "bun:test";
import { assertEquals } from "@std/assert";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { hostTest } from "./_tickproof.ts";

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

/** Ends the browser; the next test starts another. */
async function closeBrowser(): Promise<void> {
  const open = browser;
  browser = undefined;
  await (await open)?.close();
}

/**
 * A test in a browser. It is skipped, with its reason, where there is no Chromium.
 *
 * @param body What to do with a page, of which no address is open yet; errors in it are checked afterwards.
 */
export function browserTest(
  name: string,
  options: BrowserContextOptions,
  body: (page: Page, context: BrowserContext) => Promise<void>,
): void {
  // Of each file that has such tests: several may be run by one process, one behind the other.
  afterAll(closeBrowser);
  hostTest(name, [CHROMIUM], async () => {
    browser ??= chromium.launch({ executablePath: Bun.which(CHROMIUM) ?? CHROMIUM, args: FLAGS });
    const context = await (await browser).newContext({
      reducedMotion: "reduce",
      viewport: { width: 1280, height: 800 },
      ...options,
    });
    try {
      const page = await context.newPage();
      const wrong: string[] = [];
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) wrong.push(message.text());
      });
      page.on("pageerror", (error) => wrong.push(String(error)));
      await body(page, context);
      assertEquals(wrong, [], "the page has no errors");
    } finally {
      await context.close();
    }
  });
}

/** How a page is opened. */
export interface View {
  /** @default "light" */
  colorScheme?: "light" | "dark";
}

/**
 * A test of a page of a file, without a network.
 *
 * @param file Makes the page; gives its path.
 * @param body What to do with the page once it is there. All its requests are checked afterwards.
 */
export function pageTest(
  name: string,
  file: () => Promise<string>,
  body: (page: Page) => Promise<void>,
  { colorScheme = "light" }: View = {},
): void {
  browserTest(name, { offline: true, colorScheme }, async (page) => {
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    const url = Bun.pathToFileURL(await file()).href;
    await page.goto(url);
    await body(page);
    assertEquals(
      requests.filter((request) => !request.startsWith("data:")),
      [url],
      "the page asks for nothing but itself",
    );
  });
}

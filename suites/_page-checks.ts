/** What holds for every page: nothing is clipped, everybody can use it, and no letter of it is an empty box. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { assert } from "@std/assert";
import type { Page } from "playwright-core";

/** Observers of sizes are told at the end of a frame, so what they paint is there at the start of the next. */
const NEXT_FRAME = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))";

/** Elements that reach beyond the window, but for those in a box that scrolls. */
const BEYOND = `[...document.querySelectorAll("main *, header *, nav *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".scroll, pre, .lanes, .hidden-text"))
  .map((one) => one.outerHTML.slice(0, 100))`;

/** What reaches beyond the window, once all is painted. */
export async function clipped(page: Page): Promise<string[]> {
  await page.evaluate(NEXT_FRAME);
  return (await page.evaluate(BEYOND)) as string[];
}

/** What axe finds wrong for people who use screen readers, keyboards, or see little contrast. */
export async function violations(page: Page): Promise<string[]> {
  // Not as a script element: the page's own policy forbids it.
  await page.evaluate(readFileSync(new URL(import.meta.resolve("axe-core/axe.min.js")), "utf8"));
  const results = (await page.evaluate("axe.run()")) as {
    violations: { id: string; nodes: { html: string }[] }[];
  };
  return results.violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" ")}`,
  );
}

/**
 * Runs in the page: which letters no font has. Such a one is drawn as the last of plane 16 is, which is private and can't be
 * in any; another one of those must be found.
 */
const LACKING = `(letters) => {
  const draw = (letter, font) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 40 });
    const context = canvas.getContext("2d");
    context.font = "24px " + font;
    context.fillText(letter, 4, 30);
    return canvas.toDataURL();
  };
  const fonts = [document.body, document.querySelector("code") ?? document.body].map((at) => getComputedStyle(at).fontFamily);
  const lacking = (letter) => fonts.some((font) => draw(letter, font) === draw("\\u{10fffd}", font));
  return { found: letters.filter(lacking), control: lacking("\\u{10fff0}") };
}`;

/**
 * Letters of a page's own text that a plain Debian shows as empty boxes.
 *
 * @param folders Of its program, its style and what it is made from.
 */
export async function lackingLetters(page: Page, folders: readonly string[]): Promise<string[]> {
  const letters = ownLetters(folders);
  assert(letters.length > 10, letters.join());
  const { found, control } = (await page.evaluate(`(${LACKING})(${JSON.stringify(letters)})`)) as {
    found: string[];
    control: boolean;
  };
  assert(control, "a letter that no font has is found");
  // Debian's own: the fonts that come with every desktop (fonts-dejavu-core).
  const has = (letter: string) =>
    Bun.spawnSync(["fc-list", `:charset=${letter.codePointAt(0)?.toString(16)}`, "family"]).stdout.includes(
      "DejaVu",
    );
  const hasFonts = Bun.which("fc-list") !== null && has("A");
  return [...found, ...(hasFonts ? letters.filter((letter) => !has(letter)) : [])];
}

/** Letters beyond ASCII in the sources of a page. */
function ownLetters(folders: readonly string[]): string[] {
  const text = folders
    .map((folder) => resolve(import.meta.dir, "..", folder))
    .flatMap((folder) =>
      [...new Bun.Glob("**/*.{ts,css}").scanSync(folder)].map((path) => join(folder, path)),
    )
    .filter((path) => !/test|_fixtures/.test(path))
    .map((path) => readFileSync(path, "utf8"))
    .join("");
  return [...new Set(text.match(/[\u0100-\u{10ffff}]/gu))];
}

import { expect, test } from "bun:test";
import { oneLine, visibleJson, visibleLines } from "./visible.ts";

const HOSTILE = "a\x1b[2J\x07\x9b31m\x7f\r\n\t\u2028\u202e\u2066é日";

/** Whether a terminal or a reader of lines obeys some character; newlines and tabs aside. */
function steers(text: string): boolean {
  return [...text].some((character) => {
    const code = character.charCodeAt(0);
    if (character === "\n" || character === "\t") return false;
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || "\u2028\u2029\u202e\u2066".includes(character);
  });
}

test("oneLine() leaves nothing that steers a terminal, and letters as they are", () => {
  const shown = oneLine(HOSTILE);
  expect(steers(shown)).toBe(false);
  expect(shown).not.toMatch(/[\n\t]/);
  expect(shown).toBe("a\\x1b[2J\\x07\\x9b31m\\x7f\\x0d\\x0a\\x09\\u2028\\u202e\\u2066é日");
});

test("visibleLines() keeps newlines and tabs only", () => {
  expect(steers(visibleLines(HOSTILE))).toBe(false);
  expect(visibleLines("a\n\tb")).toBe("a\n\tb");
});

test("visibleJson() steers no terminal, and reads as the same value", () => {
  for (const indent of [undefined, 2]) {
    const text = visibleJson({ [HOSTILE]: [HOSTILE] }, indent);
    expect(steers(text)).toBe(false);
    expect(JSON.parse(text)).toEqual({ [HOSTILE]: [HOSTILE] });
  }
});

/**
 * Texts that came from elsewhere (a trace, a file's name, a program's words), made harmless to show: nothing in them
 * steers a terminal, breaks a line, or turns the order of what follows.
 */

/** Control characters, separators of lines, and marks that change the direction of text (Unicode, UAX #9). */
const STEERING = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
/** The same without the ones that our own texts are laid out with. */
const STEERING_IN_LINES = /(?![\n\t])[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** A text on one line, with what would steer a terminal shown as `\x1b`. */
export function oneLine(text: string): string {
  return text.replace(STEERING, escaped);
}

/** As {@link oneLine}, for a text of several lines: newlines and tabs stay. */
export function visibleLines(text: string): string {
  return text.replace(STEERING_IN_LINES, escaped);
}

/**
 * A value as JSON in which nothing steers a terminal: what JSON itself leaves as it is (DEL, C1, marks of direction)
 * is escaped too. Any reader of JSON gets the same value back.
 *
 * @param indent Spaces of each level. @default all on one line
 */
export function visibleJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    STEERING_IN_LINES,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

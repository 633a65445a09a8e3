/** Colours for terminals, and none for pipes and files. */

/** Ways to show a piece of text. */
export interface Style {
  good: (text: string) => string;
  bad: (text: string) => string;
  warn: (text: string) => string;
  dim: (text: string) => string;
  strong: (text: string) => string;
  inverse: (text: string) => string;
}

const ansi = (code: number) => (text: string) => `\x1b[${code}m${text}\x1b[0m`;
/** Off by its own code, so that the colour around it goes on. */
const inverse = (text: string) => `\x1b[7m${text}\x1b[27m`;
const plain = (text: string) => text;

/** A style with ANSI colours, or one that changes nothing. */
export function styleFor(rich: boolean): Style {
  return rich
    ? { good: ansi(32), bad: ansi(31), warn: ansi(33), dim: ansi(2), strong: ansi(1), inverse }
    : { good: plain, bad: plain, warn: plain, dim: plain, strong: plain, inverse: plain };
}

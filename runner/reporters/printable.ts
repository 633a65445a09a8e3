/** Outputs of programs as a terminal may show them. */

/** Letters that can't be seen, or would steer the terminal, as escapes. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}|\p{Cf}/gu, (letter) => {
    if (letter === "\t") return "→   ";
    const words = JSON.stringify(letter).slice(1, -1);
    return words.startsWith("\\") ? words : `\\u{${letter.codePointAt(0)?.toString(16)}}`;
  });
}

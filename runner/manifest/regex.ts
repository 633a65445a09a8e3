/** Regular expressions as manifests have them: bare (`^` and `$` are then at lines), or between slashes with flags. */
import { z } from "zod";

/**
 * Makes the expression.
 *
 * @param text `^done in \d+ ms$`, or `/done/i`.
 * @throws {SyntaxError} If it is none.
 */
export function toRegex(text: string): RegExp {
  const [, source, flags] = /^\/(.+)\/([a-z]*)$/s.exec(text) ?? [];
  // An output is tested as often as one likes: the place of the last match must not count.
  return source === undefined ? new RegExp(text, "m") : new RegExp(source, flags?.replace(/[gy]/g, ""));
}

function problemOf(text: string): string | undefined {
  try {
    toRegex(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return error.message;
  }
}

/** A text that is a regular expression. */
export const regexText = z
  .string()
  .refine((text) => problemOf(text) === undefined, {
    error: ({ input }) => `no regular expression: ${problemOf(String(input)) ?? ""}`,
  })
  .describe("a regular expression (JavaScript), bare or as /…/flags");

/** Numbers on the command lines of what is run by hand: with a wrong one it would run nothing, and say that nothing failed. */

/**
 * A whole number, or the end of the process with exit code 2.
 *
 * @param text As given; undefined for the usual one.
 * @param usual What holds without.
 */
export function wholeNumber(name: string, text: string | undefined, usual: number, least = 0): number {
  const number = text === undefined ? usual : Number(text);
  if (Number.isSafeInteger(number) && number >= least) return number;
  process.stderr.write(`${name} has to be a whole number from ${least}: current value is '${text}'\n`);
  process.exit(2);
}

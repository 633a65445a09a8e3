/** Names of tests as parts of file names: readable, and different for different names. */

/** @param test A test's name, in any letters: those of scripts are plain words, those of a matrix have brackets. */
export function fileNameOf(test: string): string {
  if (/^[\w.-]+$/.test(test)) return test;
  const hash = Bun.hash(test).toString(36).slice(0, 6);
  return `${test.replaceAll(/[^\w.-]+/g, "_").slice(0, 60)}-${hash}`;
}

/** Documents of which a part is written from data, between two marks. */

/**
 * A document with what must stand between its marks.
 *
 * @param name What the document is called, for the error.
 * @param marks The lines before and behind the part.
 * @throws {Error} If the marks are gone.
 */
export function withPart(
  document: string,
  name: string,
  [start, end]: readonly [start: string, end: string],
  part: string,
): string {
  const [from, to] = [document.indexOf(start), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${name} lacks '${start}' or '${end}' behind it`);
  return `${document.slice(0, from + start.length)}\n\n${part}\n\n${document.slice(to)}`;
}

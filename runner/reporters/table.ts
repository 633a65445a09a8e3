/** Aligned columns. Cells are padded before they are coloured, so that colours don't count as width. */

/** A cell: its text, and how it is shown. */
export interface Cell {
  text: string;
  style?: (text: string) => string;
}

/** A column: its title, and where its cells stand. */
export interface Column {
  title: string;
  align: "left" | "right";
}

/**
 * Lays out a table.
 *
 * @param columns The titles.
 * @param rows The cells, as many a row as there are columns.
 * @param head How titles are shown.
 * @returns The lines, without line ends.
 */
export function layOut(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  head: (text: string) => string,
): string[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => row[index]?.text.length ?? 0)),
  );
  const line = (cells: readonly Cell[]) =>
    columns
      .map(({ align }, index) => {
        const { text = "", style = (shown: string) => shown } = cells[index] ?? {};
        const width = widths[index] ?? 0;
        return style(align === "left" ? text.padEnd(width) : text.padStart(width));
      })
      .join("  ")
      .trimEnd();
  return [line(columns.map(({ title }) => ({ text: title, style: head }))), ...rows.map(line)];
}

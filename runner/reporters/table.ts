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
  const widths = widthsOf(columns, rows);
  const line = (cells: readonly Cell[]) => {
    const last = cells.findLastIndex(({ text }) => text !== "");
    return columns
      .slice(0, last + 1)
      .map(({ align }, index) => {
        const { text = "", style = (shown: string) => shown } = cells[index] ?? {};
        const padding = " ".repeat(Math.max(0, (widths[index] ?? 0) - Bun.stringWidth(text)));
        if (align === "right") return style(padding + text);
        // Spaces at a line's end are nobody's.
        return style(index === last ? text : text + padding);
      })
      .join(" ".repeat(GAP));
  };
  return [line(columns.map(({ title }) => ({ text: title, style: head }))), ...rows.map(line)];
}

/** What stands between two columns. */
const GAP = 2;

function widthsOf(columns: readonly Column[], rows: readonly (readonly Cell[])[]): number[] {
  return columns.map(({ title }, index) =>
    Math.max(Bun.stringWidth(title), ...rows.map((row) => Bun.stringWidth(row[index]?.text ?? ""))),
  );
}

/** Letters of the longest line that {@link layOut} would make. */
export function widthOf(columns: readonly Column[], rows: readonly (readonly Cell[])[]): number {
  return widthsOf(columns, rows).reduce((sum, width) => sum + width + GAP, -GAP);
}

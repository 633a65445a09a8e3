/** The tables of `test.each` and `describe.each`, in Vitest's forms: rows, template literals, and titles with places to fill. */

/** A table as a template literal: headings in its first line, values between. */
export function rowsOfTemplate(
  strings: readonly string[],
  values: readonly unknown[],
): Record<string, unknown>[] {
  const headings = (strings[0] ?? "")
    .trim()
    .split("|")
    .map((word) => word.trim());
  if (headings.some((heading) => heading === "")) {
    throw new TypeError("Cannot read the table as its first line must have a heading for each column: a | b");
  }
  if (values.length % headings.length !== 0) {
    throw new TypeError(
      `Cannot read the table as each row must have ${headings.length} values (${headings.join(", ")}): there are ${values.length} values in all`,
    );
  }
  return Array.from({ length: values.length / headings.length }, (_, row) =>
    Object.fromEntries(headings.map((heading, at) => [heading, values[row * headings.length + at]])),
  );
}

/** A row as the arguments of a test. */
export function argumentsOf(row: unknown): readonly unknown[] {
  return Array.isArray(row) ? row : [row];
}

/**
 * The title of a row's test.
 *
 * @param title `%s %d %i %f %j %o` take the next value, `%#` and `%$` are the row's number from 0 and from 1, `%%` is a
 *   percent sign; `$name` and `$name.inner` are fields of a row that is an object.
 */
export function titleOf(title: string, row: unknown, index: number): string {
  const values = [...argumentsOf(row)];
  const filled = title.replaceAll(/%([sdifjo#$%])/g, (place, kind: string) => {
    if (kind === "%") return "%";
    if (kind === "#") return String(index);
    if (kind === "$") return String(index + 1);
    return values.length === 0 ? place : formatted(kind, values.shift());
  });
  if (typeof row !== "object" || row === null || Array.isArray(row)) return filled;
  return filled.replaceAll(/\$([\w.]+)/g, (place, path: string) => {
    const found = field(row, path.split("."));
    return found === undefined ? place : formatted("s", found);
  });
}

function field(row: object, path: readonly string[]): unknown {
  let value: unknown = row;
  for (const name of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

function formatted(kind: string, value: unknown): string {
  switch (kind) {
    case "d":
    case "f":
      return String(Number(value));
    case "i":
      return String(Math.trunc(Number(value)));
    case "o":
      return Bun.inspect(value);
    case "j":
      return JSON.stringify(value) ?? String(value);
    default:
      return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
  }
}

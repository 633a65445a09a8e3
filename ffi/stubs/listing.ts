/**
 * The notation in which this folder keeps machine code: bytes on the left, the assembly that they mean on
 * the right, so that a reader can check one against the other. A test disassembles every listing and does so.
 *
 * A line is one of
 *   `label:`                      names the next byte;
 *   `  48 89 f8    mov rax, rdi`  bytes, two or more blanks, assembly (Intel syntax), perhaps a comment;
 *   `  49 b8 {x}   mov r8, {x}`   eight bytes that are known only at run time;
 * and a semicolon begins a comment.
 */

/** One instruction of a listing. */
export interface ListingLine {
  /** Offset of its first byte from the start of the listing. */
  readonly offset: number;
  /** Its bytes; those of a literal are 0. */
  readonly bytes: readonly number[];
  /** The assembly beside them. */
  readonly text: string;
}

/** A listing taken apart. */
export interface Listing {
  readonly lines: readonly ListingLine[];
  /** Label → offset. */
  readonly labels: ReadonlyMap<string, number>;
  /** Literals: name and the offset of their eight bytes, in order. */
  readonly literals: readonly { readonly name: string; readonly offset: number }[];
  /** Bytes in all. */
  readonly size: number;
}

/**
 * Takes a listing apart.
 *
 * @throws SyntaxError for a line in none of the forms above.
 */
export function parseListing(source: string): Listing {
  const lines: ListingLine[] = [];
  const labels = new Map<string, number>();
  const literals: { name: string; offset: number }[] = [];
  let offset = 0;
  for (const raw of source.split("\n")) {
    const line = raw.replace(/;.*$/, "").trim();
    if (line === "") continue;
    if (line.endsWith(":")) {
      labels.set(line.slice(0, -1), offset);
      continue;
    }
    const [columns, text] = line.split(/ {2,}(.*)/s);
    if (columns === undefined || text === undefined) {
      throw new SyntaxError(`Cannot read a listing: bytes and assembly must be two blanks apart: "${line}"`);
    }
    const bytes: number[] = [];
    for (const token of columns.split(" ")) {
      if (/^[0-9a-f]{2}$/.test(token)) {
        bytes.push(Number.parseInt(token, 16));
      } else if (/^\{\w+\}$/.test(token)) {
        literals.push({ name: token.slice(1, -1), offset: offset + bytes.length });
        bytes.push(0, 0, 0, 0, 0, 0, 0, 0);
      } else {
        throw new SyntaxError(`Cannot read a listing: "${token}" is neither a byte nor a literal: "${line}"`);
      }
    }
    lines.push({ offset, bytes, text });
    offset += bytes.length;
  }
  return { lines, labels, literals, size: offset };
}

/**
 * The bytes of a listing with its literals filled in.
 *
 * @param values Literal → its value; a negative one stands for its 64 bits.
 * @throws ReferenceError for a literal without a value.
 */
export function encodeListing(
  listing: Listing,
  values: Readonly<Record<string, number | bigint>> = {},
): Uint8Array {
  const code = Uint8Array.from(listing.lines.flatMap((line) => line.bytes));
  const view = new DataView(code.buffer);
  for (const { name, offset } of listing.literals) {
    const value = values[name];
    if (value === undefined)
      throw new ReferenceError(`Cannot encode a listing: literal {${name}} has no value`);
    view.setBigUint64(offset, BigInt(value), true);
  }
  return code;
}

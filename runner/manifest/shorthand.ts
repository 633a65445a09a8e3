/**
 * Values that may be written short: a list of one entry without brackets, a number for a range. The short form is
 * expanded before the schema sees it; what the file may have is kept beside, for the published JSON Schema.
 */
import { z } from "zod";

/** What a file may have where a value is expanded, by the transform that expands it: it outlives `describe()`. */
const written = new WeakMap<z.core.$ZodType, z.core.$ZodType>();

/**
 * A schema whose values have a short form.
 *
 * @param short What the short form looks like.
 * @param full What it is expanded to.
 * @param expand Gives the full form of a short one, and anything else as it is.
 */
export function shorthand<Full extends z.core.$ZodType>(
  short: z.core.$ZodType,
  full: Full,
  expand: (given: unknown) => unknown,
) {
  const schema = z.preprocess(expand, full);
  written.set(schema._zod.def.in, z.union([short, full]));
  return schema;
}

/** A list whose only entry may stand without brackets. */
export function listOf<Entry extends z.core.$ZodType>(entry: Entry) {
  return shorthand(entry, z.array(entry), (given) =>
    given === undefined || Array.isArray(given) ? given : [given],
  );
}

/** What a file may have in the place of a schema's value; undefined if that is the schema itself. */
export function writtenForm(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  return schema instanceof z.ZodPipe ? written.get(schema._zod.def.in) : undefined;
}

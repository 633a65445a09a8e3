/** The keys that the schema allows at a place in a document, to name the one that was meant. */
import { z } from "zod";

/** A place in a document: keys and indices from its root. */
export type Path = readonly PropertyKey[];

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return unwrap(schema.unwrap());
  if (schema instanceof z.ZodPipe) return unwrap(schema.out);
  return schema;
}

/** Keys that an object of a schema has; of one that is of several kinds, those of all of them. */
function keysOf(schema: z.core.$ZodType): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  if (schema instanceof z.ZodUnion)
    return [...new Set(schema.options.flatMap((option) => keysOf(unwrap(option))))];
  return [];
}

/**
 * Lists the keys that an object at a place may have.
 *
 * @param root The schema of the whole document.
 * @param path The place of the object.
 * @returns The keys; none if the schema has no fixed keys there.
 */
export function knownKeys(root: z.core.$ZodType, path: Path): string[] {
  let schema = unwrap(root);
  for (const step of path) {
    if (schema instanceof z.ZodObject) schema = unwrap(schema.shape[String(step)] ?? z.never());
    else if (schema instanceof z.ZodArray) schema = unwrap(schema.element);
    else if (schema instanceof z.ZodRecord) schema = unwrap(schema.valueType);
    else return [];
  }
  return keysOf(schema);
}

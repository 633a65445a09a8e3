/** The keys that the schema allows at a place in a document, to name the one that was meant. */
import { z } from "zod";

/** A place in a document: keys and indices from its root. */
export type Path = readonly PropertyKey[];

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return unwrap(schema.unwrap());
  if (schema instanceof z.ZodPipe) return unwrap(schema.out);
  return schema;
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
    else return [];
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

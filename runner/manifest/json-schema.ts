/** The JSON Schema of manifests and host profiles, for editors: made from the definitions that check them. */
import { z } from "zod";
import { profileSchema } from "../host/profile-schema.ts";
import { manifestSchema } from "./schema.ts";
import { writtenForm } from "./shorthand.ts";

/** A JSON Schema as an object. */
type JsonSchema = z.core.JSONSchema.JSONSchema;

/** What is said of a value, whatever its form. */
const KEPT: ReadonlySet<string> = new Set(["description", "default"]);

/**
 * Converts a definition to what a file may have: before short forms are expanded, and with defaults left out.
 *
 * @param schema The definition.
 */
function toJsonSchema(schema: z.core.$ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      const written = writtenForm(zodSchema);
      if (written === undefined) return;
      const { $schema: _, ...inner } = toJsonSchema(written);
      // What zod has put there is the full form alone.
      for (const key of Object.keys(jsonSchema)) if (!KEPT.has(key)) delete jsonSchema[key];
      Object.assign(jsonSchema, inner);
    },
  }) as JsonSchema;
}

/** The published schemas, by their paths below `manifests/`. */
export function publishedSchemas(): ReadonlyMap<string, JsonSchema> {
  const titled = (title: string, schema: z.core.$ZodType) => ({ title, ...toJsonSchema(schema) });
  return new Map([
    ["schema.json", titled("A manifest of tickproof", manifestSchema)],
    ["hosts/schema.json", titled("A described host of tickproof", profileSchema)],
  ]);
}

/** A schema as the text of its file. */
export function schemaText(schema: JsonSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

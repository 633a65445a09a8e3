/** `npm run schemas`: writes the published JSON Schemas anew, when a definition has changed. */
import { resolve } from "node:path";
import { writeWhole } from "../files/mod.ts";
import { publishedSchemas, schemaText } from "./json-schema.ts";

for (const [path, schema] of publishedSchemas()) {
  writeWhole(resolve(import.meta.dir, "../../manifests", path), schemaText(schema));
}

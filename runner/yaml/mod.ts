/** YAML files that people write: read, checked against a schema, and refused with the places of what is wrong. */
export { checkYaml, MANIFEST, readYaml, type YamlText } from "./check.ts";
export { knownKeys, type Path } from "./known-keys.ts";
export { type Problem, YamlSource } from "./source.ts";

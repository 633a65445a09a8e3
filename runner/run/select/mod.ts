/** Which tests a run takes: from manifests and scripts, by filters, shards and known failures. */
export { collectTests, type Selection, selectTests } from "./collect.ts";
export { KnownFailures } from "./known-failures.ts";
export { manifestTests } from "./plan.ts";
export { conditionsOf, isScript, ScriptSessions, suiteOf } from "./scripts.ts";
export { parseShard } from "./selection.ts";

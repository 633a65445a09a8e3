/** Discovery: from words of the command line, or none, to the manifests and scripts of a run. */
export { type Defaults, discover } from "./discover.ts";

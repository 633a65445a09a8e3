/** Words that many parts use: counts, names of signals and of files, the version. */
export { fileNameOf } from "./file-name.ts";
export { counted, group } from "./plural.ts";
export { SIGNAL_NAMES, signalName, signalNumber } from "./signals.ts";
export { VERSION } from "./version.ts";

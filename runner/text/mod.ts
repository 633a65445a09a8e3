/** Words that many parts use: counts, names of signals and of files, words of a shell, the version. */
export { fileNameOf } from "./file-name.ts";
export { counted, group } from "./plural.ts";
export { quote } from "./shell-word.ts";
export { SIGNAL_NAMES, signalName, signalNumber } from "./signals.ts";
export { VERSION } from "./version.ts";

/** Strings from outside: bytes that are no UTF-8, characters that steer a terminal, mistyped names. */
export { didYouMean, nearest } from "./suggest.ts";
export { oneLine, visibleJson, visibleLines } from "./visible.ts";
export { fromBytes, ownArguments, ownEnvironment, toBytes } from "./words.ts";

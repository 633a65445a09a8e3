/** One attempt at a test: its phases, each in a process of its own. */
export { CATCH_TRIES, makeAttempt, NATIVE_RUNS } from "./attempt.ts";
export { Aborted } from "./phase.ts";
export { Programs } from "./programs.ts";
export { makeScriptAttempt } from "./script-attempt.ts";

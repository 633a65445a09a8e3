/** Output to the terminal, and the end of what a program has written. */

export { addTextToJobSummary, addToJobSummary } from "./job-summary.ts";
export { errorColumns, isRichTerminal, outputColumns, print, say } from "./output.ts";
export { OutputTail } from "./output-tail.ts";

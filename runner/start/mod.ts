/** Starting tickproof: its main function, and the words by which it and its user start it again. */
export { endWith } from "./main.ts";
export { TICKPROOF, typedCommand } from "./tickproof.ts";

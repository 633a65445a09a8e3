/** Packed traces: a trace as one file, and the folder that such a file is read from. */
export { type Packed, pack } from "./pack.ts";
export { unpacked } from "./unpack.ts";

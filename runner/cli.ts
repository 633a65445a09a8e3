/**
 * Where tickproof starts. Recordings and replays run from compiled code where that is there and still what the
 * sources say: some 200 modules cost 50 ms to load one by one, a tenth of what recording a short program takes.
 */
import { writeSync } from "node:fs";
import { ownArguments } from "../ffi/text/words.ts";
import { compiledEntry } from "./compiled/current.ts";
import { missingHere } from "./start/surroundings.ts";

const missing = missingHere();
if (missing !== undefined) {
  writeSync(2, `tickproof: ${missing}\n`);
  process.exit(2);
}
const argv = ownArguments(process.argv.slice(2));
const compiled = compiledEntry(argv);
if (compiled !== undefined) {
  await import(compiled);
} else {
  const [{ main }, { endWith }] = await Promise.all([
    import("./start/command-line.ts"),
    import("./start/main.ts"),
  ]);
  await endWith(() => main(argv));
}

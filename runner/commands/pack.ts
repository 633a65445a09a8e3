/** `tickproof pack`: a trace as one file. */
import { basename, resolve } from "node:path";
import { defineCommand } from "../args/mod.ts";
import { OK } from "../errors/mod.ts";
import { checkWritable, findTrace } from "../files/mod.ts";
import { print, say } from "../output/mod.ts";
import { counted } from "../text/mod.ts";

export const packCommand = defineCommand({
  name: "pack",
  summary: "Put a trace into one file, to send or to keep",
  details: [
    "All that a replay needs is in it: the files that the program had mapped, too. 'replay', 'info', 'dump', 'verify', 'debug' and",
    "'backtrace' take the file where they take a trace's folder. It is a tar archive, compressed by gzip.",
  ].join("\n"),
  options: {
    output: {
      kind: "text",
      short: "o",
      value: "FILE",
      help: "the file to write; NAME.trace.tgz here by default",
    },
    json: { kind: "flag", help: "print JSON instead of text" },
  },
  positionals: { usage: "[DIR | TEST]", min: 0, max: 1 },
  async run({ options, positionals: [path] }) {
    const { readMeta } = await import("../../engine/trace/mod.ts");
    const { pack } = await import("../packed/mod.ts");
    const directory = findTrace(path);
    // What is no trace is told before anything is written.
    readMeta(directory);
    const file = resolve(options.output ?? `${basename(directory)}.trace.tgz`);
    checkWritable("-o", file);
    const packed = pack(directory, file);
    if (options.json) print(`${JSON.stringify({ file, ...packed }, null, 2)}\n`);
    else {
      const [before, after] = [packed.bytes, packed.packedBytes].map((bytes) => (bytes / 1e6).toFixed(1));
      say(`tickproof: packed ${counted(packed.files, "file")}, ${before} MB, into ${file}, ${after} MB\n`);
    }
    return OK;
  },
});

/** `tickproof init`: sets a project up; or writes a first manifest, from what a command does when it is recorded. */
import { existsSync } from "node:fs";
import { basename, dirname, extname, relative, resolve } from "node:path";
import { defineCommand } from "../args/mod.ts";
import { OK, SIGNAL_BASE, UsageError } from "../errors/mod.ts";
import { checkWritable, Scratch, writeWhole } from "../files/mod.ts";
import { print } from "../output/mod.ts";
import { TICKPROOF, typedCommand } from "../start/mod.ts";
import { signalNumber } from "../text/mod.ts";
import { Ending } from "./_ending.ts";

const SCHEMA = resolve(import.meta.dir, "../../manifests/schema.json");

export const init = defineCommand({
  name: "init",
  summary: "Set a project up; or record a command, and write a first manifest for it",
  details: [
    "Without CMD: finds the command of this folder's tests, and writes tickproof.yaml, a first manifest and lines for",
    ".gitignore. What is there already stays as it is.",
    "With CMD: records it twice, with nothing on its standard input, and expects what both recordings have in common: end,",
    "output, ticks. CMD may be a source in C, C++ or assembly. Without -o the file is named after CMD. A file that is",
    "there is not overwritten.",
  ].join("\n"),
  options: {
    output: { kind: "text", short: "o", value: "FILE", help: "with CMD: write the manifest to FILE" },
    script: { kind: "flag", help: "without CMD: write a first script instead of a manifest" },
    github: {
      kind: "flag",
      help: "without CMD: write a workflow of GitHub Actions too, which keeps traces of failures",
    },
    gitlab: { kind: "flag", help: "without CMD: the same for GitLab" },
  },
  positionals: { usage: "[[--] CMD ARGS…]", min: 0, max: Number.POSITIVE_INFINITY, verbatim: true },
  async run({ options, positionals: [program, ...args] }) {
    checkOptions(options, program === undefined);
    if (program === undefined) return await setUpProject(options);
    const name = nameOf(program);
    const output = options.output ?? `${name}.yaml`;
    if (existsSync(output)) {
      throw new UsageError(`${output} is there already, and is not overwritten: name another file with -o`);
    }
    checkWritable("-o", output);
    const folder = dirname(resolve(output));
    const { findProgram } = await import("../script/program.ts");
    const { languageOf } = await import("../programs/compiler.ts");
    const { path } = await findProgram(program, process.cwd());
    const isSource = languageOf(program) !== undefined;
    const ending = new Ending();
    using scratch = new Scratch("init");
    const { firstManifest, observe } = await import("../init/mod.ts");
    const { checkManifest } = await import("../manifest/mod.ts");
    // As the test will: its program runs in the manifest's folder.
    const around = { command: [path, ...args], cwd: folder, tickproof: TICKPROOF, abort: ending.abort };
    const first = await observe({ ...around, place: scratch.file("first") });
    const second = first && (await observe({ ...around, place: scratch.file("second") }));
    if (first === undefined || second === undefined) {
      return ending.code ?? SIGNAL_BASE + (signalNumber("SIGINT") ?? 0);
    }
    const isPath = isSource || program.includes("/");
    const text = firstManifest(
      {
        name,
        key: isSource ? "program" : "command",
        value: isPath ? besideOrAbsolute(folder, resolve(program)) : program,
        args,
        schema: besideOrAbsolute(folder, SCHEMA),
      },
      first,
      second,
    );
    checkManifest(output, text, folder);
    writeWhole(output, text);
    print(`wrote ${output}: run it with 'tickproof suites ${output}'\n`);
    return OK;
  },
});

interface ProjectOptions {
  script: boolean;
  github: boolean;
  gitlab: boolean;
}

/** @throws {UsageError} For options of the other way to use this command. */
function checkOptions(
  options: ProjectOptions & { output: string | undefined },
  withoutCommand: boolean,
): void {
  const { output, ...flags } = options;
  if (withoutCommand && output !== undefined) throw new UsageError("-o needs a CMD whose manifest it is");
  const flag = Object.entries(flags).find(([, given]) => given)?.[0];
  if (!withoutCommand && flag !== undefined) {
    throw new UsageError(`--${flag} sets a project up, without a CMD: leave one of them out`);
  }
}

/** Sets the working folder's project up, and says what was done and what comes next. */
async function setUpProject({ script, github, gitlab }: ProjectOptions): Promise<number> {
  const { setUp } = await import("../setup/mod.ts");
  const services = [...(github ? (["github"] as const) : []), ...(gitlab ? (["gitlab"] as const) : [])];
  const { project, written, kept } = setUp(process.cwd(), { script, services });
  const start = typedCommand();
  const { command, because } = project;
  const found =
    command === undefined
      ? `no test command was found: ${because}`
      : `tests: ${command.join(" ")} (${because})`;
  const lines = [
    found,
    ...written.map((path) => `wrote ${path}`),
    ...kept.map((path) => `${path} is there already, and stays as it is`),
    "",
    "next:",
    `  ${start} run -- ${(command ?? ["YOUR", "TEST", "COMMAND"]).join(" ")}`,
    `  ${start} suites`,
  ];
  print(`${lines.join("\n")}\n`);
  return OK;
}

/** A name that a suite may have, after a program. */
function nameOf(program: string): string {
  return basename(program, extname(program)).replaceAll(/[^\w.-]+/g, "_") || "first";
}

/** How far up a path may lead before it says less than an absolute one. */
const MOST_UP = 2;

/** A path from a folder, with a leading dot; absolute if it is far away. */
function besideOrAbsolute(folder: string, path: string): string {
  const way = relative(folder, path);
  if (way.split("/").filter((part) => part === "..").length > MOST_UP) return path;
  return way.startsWith(".") ? way : `./${way}`;
}

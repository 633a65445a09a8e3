/** The files that `tickproof init` sets a project up with, as texts. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { stringify } from "yaml";
import type { Project } from "./test-command.ts";

/** A file to write: its path in the project, and its text. */
export interface NewFile {
  path: string;
  text: string;
}

/** Lines for `.gitignore`: traces and the history are of one machine. */
export const IGNORED: readonly string[] = [".tickproof/"];

/** A name as suites have them, out of one that packages have. */
export function suiteName(name: string): string {
  return (
    name
      .replace(/^@/, "")
      .replaceAll(/[^\w.-]+/g, "-")
      .replace(/^[.-]+/, "") || "first"
  );
}

/** `tickproof.yaml`. @param first The manifest or script that is included. */
export function settingsFile(first: string): NewFile {
  const text = `# Settings of tickproof; 'tickproof config' shows what holds here, and why.

# Manifests and scripts that 'tickproof suites' runs: files, folders and globs.
include: [${JSON.stringify(first)}]

# Traces of failures, and room for them: the oldest go.
traces: .tickproof/traces
keepMegabytes: 2000

profiles:
  # Where the variable CI is set. The other one is 'local'; more of them by --profile NAME.
  ci: { retry: 1 }
`;
  return { path: "tickproof.yaml", text };
}

const SECONDS_OF_A_SUITE = 600;

/** A manifest with the project's own tests as its first test. */
export function firstManifestFile({ name, command, because }: Project, schema: string): NewFile {
  const suite = suiteName(name);
  const [program = "echo", ...args] = command ?? ["echo", "hello"];
  const why = command === undefined ? `an example: ${because}` : because;
  const test = {
    name: command === undefined ? "hello" : "own-tests",
    command: program,
    ...(args.length > 0 && { args }),
    ...(command !== undefined && { timeout: SECONDS_OF_A_SUITE }),
    expect: command === undefined ? { stdout: { equals: "hello\n" } } : { exit: 0 },
  };
  const lines = stringify([test], { lineWidth: 0 }).trimEnd().split("\n");
  const text = `# yaml-language-server: $schema=${schema}
# Programs that must do the same thing twice: each is run natively, recorded and replayed.
suite: ${JSON.stringify(suite)}

tests:
  # ${why.replaceAll(/\s+/g, " ")}
${lines.map((line) => `  ${line}`).join("\n")}
`;
  return { path: `${suite}.suite.yaml`, text };
}

/** A script with the project's own tests as its first test. */
export function firstScriptFile({ name, command, because, hasTypes }: Project): NewFile {
  const words = command ?? ["echo", "hello"];
  const [program = "", ...args] = words;
  const why = command === undefined ? `an example: ${because}` : because;
  const text = `import { assertReplays, test } from "tickproof";
import { assertEquals } from "tickproof/assert";

// ${why.replaceAll(/\s+/g, " ")}
test(${JSON.stringify(words.join(" "))}, { timeout: ${SECONDS_OF_A_SUITE} }, async (t) => {
  await using recording = await t.record(${JSON.stringify(program)}, ${JSON.stringify(args)});
  assertEquals(recording.exit, { code: 0 });
  await assertReplays(recording);
});
`;
  return { path: `${suiteName(name)}.script.${hasTypes ? "ts" : "js"}`, text };
}

/** Where a template of a CI service goes in a project. */
const WORKFLOWS = { github: ".github/workflows/tickproof.yml", gitlab: ".gitlab-ci.yml" } as const;
export type Service = keyof typeof WORKFLOWS;

/** The workflow of a CI service, with the project's commands in it. */
export function workflowFile(service: Service, { command, install }: Project): NewFile {
  const template = readFileSync(resolve(import.meta.dir, `templates/${service}.yml`), "utf8");
  const quoted = (command ?? ["true"]).join(" ");
  const ready = install ?? "npm install --no-save tickproof";
  const text = template.replace("INSTALL", () => ready).replace("TEST", () => quoted);
  return { path: WORKFLOWS[service], text };
}

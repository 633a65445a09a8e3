/**
 * The page docs/system-calls.md, made from the table of system calls: `runner/bun engine/kernel/_document.ts` brings it
 * up to date, and a test fails where it is not.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import {
  describeAmount,
  describeArea,
  describeCondition,
  describeContents,
  describeFileChange,
  errorName,
} from "./_describe.ts";
import type { Handling, MemoryWay, SyscallSpec, TaskWay } from "./call.ts";
import { SPECS } from "./table/mod.ts";

const DOCUMENT = resolve(import.meta.dir, "../../docs/system-calls.md");

const HEAD = `# System calls

What the embedded engine knows of each system call of x86-64 Linux, printed from its table (\`engine/kernel/table/\`);
\`runner/bun engine/kernel/_document.ts\` writes this page again. The rules behind the words are in
[engine.md](engine.md).

- **recorded**: the kernel runs it while recording. Replay gives the program its result and what it wrote to memory.
- **done again**: it changes the address space, so that replay does it for real, with its effect in the recording.
- **engine**: it makes, replaces or ends a task, or returns from a signal; replay does the same to its own tasks.
- **missing**: answered with an error as by a kernel without it; programs that cope go on.

Of some calls it says *refused if it succeeds*: the recording ends with one clear error then, since a replay could not be
right. A call that fails never ends a recording.

A number that is not listed belongs to a later kernel, and is answered with ENOSYS. Arguments are counted from 1. What is
named as written may have been written: more than the kernel wrote does no harm. "Denied" is for what \`--deny write\` and
\`--deny net\` look at.
`;

const HANDLINGS: Readonly<Record<Handling, string>> = {
  record: "recorded",
  memory: "done again",
  task: "engine",
  absent: "missing",
};

const MEMORY_WAYS: Readonly<Record<MemoryWay, string>> = {
  map: "maps memory",
  attach: "attaches a segment",
  detach: "detaches a segment",
  unmap: "gives memory back",
  protect: "changes rights",
  move: "moves, grows or cuts a mapping",
  remapFile: "shows another part of a file",
  advise: "changes memory where the advice has an effect that shows",
  advisePieces: "changes memory where the advice has an effect that shows",
  page: "maps a page, by whose address it is named",
  segment: "gives the process a segment of its own",
  break: "moves the end of the heap",
  lock: "makes pages of files that change the process's own",
  lockAll: "makes pages of files that change the process's own",
  limit: "lets the stack grow further, or no more",
};

const TASK_WAYS: Readonly<Record<TaskWay, string>> = {
  birth: "makes a task",
  exec: "runs another program",
  exit: "ends the task",
  exitGroup: "ends the process",
  sigreturn: "goes back from a signal handler",
};

/** What is said of a call beside how it is handled. */
function notes(spec: SyscallSpec): string[] {
  const list: string[] = [];
  const say = (label: string, parts: readonly string[]) => {
    if (parts.length > 0) list.push(`${label}: ${parts.join("; ")}`);
  };
  if (spec.memory) list.push(MEMORY_WAYS[spec.memory]);
  if (spec.task) list.push(TASK_WAYS[spec.task]);
  if (spec.errno !== undefined) list.push(`${errorName(spec.errno)}: ${spec.reason}`);
  if (spec.doneBy !== undefined) list.push(spec.doneBy);
  if (spec.blocks !== false)
    list.push(spec.blocks === true ? "may sleep" : `may sleep if ${describeCondition(spec.blocks)}`);
  say("writes", spec.writes.map(describeArea));
  say("writes also when it fails", spec.writesAlways.map(describeArea));
  if (spec.compared)
    say("memory is compared", [`at arg ${spec.compared.at + 1} if ${describeCondition(spec.compared.when)}`]);
  if (spec.sends) say("sends", [`${describeArea(spec.sends.from)} to the file of arg ${spec.sends.fd + 1}`]);
  if (spec.moves !== undefined)
    list.push(`moves bytes to the file of arg ${spec.moves + 1}: EINVAL if that is the recording's output`);
  if (spec.signal !== undefined) list.push(`sends signal ${describeAmount(spec.signal)}`);
  say("changes the contents of", [...new Set(spec.contents.map(describeContents))]);
  say(
    "answered",
    spec.answers.map(
      ({ when, errno, reason }) => `${errorName(errno)} if ${describeCondition(when)} (${reason})`,
    ),
  );
  say(
    "refused if it succeeds",
    spec.refuses.map(({ when, reason }) => {
      const text = reason.replaceAll(/\{(\d)\}/g, (_, at) => `arg ${Number(at) + 1}`);
      return when === true ? text : `${text}, if ${describeCondition(when)}`;
    }),
  );
  if (spec.changes === "unknown") list.push("denied: nobody has said what it changes");
  else say("denied by its files", spec.changes.map(describeFileChange));
  if (spec.opensNetwork !== false) {
    const when = spec.opensNetwork === true ? "" : ` if ${describeCondition(spec.opensNetwork)}`;
    list.push(`denied as a network${when}`);
  }
  return list;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("*", "\\*");
}

function row(spec: SyscallSpec): string {
  const text = notes(spec).join(". ");
  return `| ${spec.number} | \`${spec.name}\` | ${HANDLINGS[spec.handling]} | ${cell(text)} |`;
}

/** The page as it must be. */
export function page(): string {
  const specs = SPECS.filter((spec) => spec !== undefined);
  const counts = Object.entries(HANDLINGS).map(
    ([handling, word]) => `${specs.filter((spec) => spec.handling === handling).length} ${word}`,
  );
  return [
    HEAD,
    `${specs.length} calls: ${counts.join(", ")}.`,
    "",
    "| number | call | in a recording | what the table says |",
    "| --- | --- | --- | --- |",
    ...specs.map(row),
    "",
  ].join("\n");
}

/** The page as it is. */
export function readPage(): string {
  return readFileSync(DOCUMENT, "utf8");
}

if (import.meta.main) writeFileSync(DOCUMENT, page());

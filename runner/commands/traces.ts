/** `tickproof traces`: which traces are kept, how large they are, and how to be rid of them. */
import { oneLine } from "../../ffi/mod.ts";
import { defineCommand } from "../args/mod.ts";
import { OK, UsageError } from "../errors/mod.ts";
import { print, say } from "../output/mod.ts";
import { counted } from "../text/mod.ts";

const DAY_MS = 24 * 3600 * 1000;
/** Longer commands are cut in the table. */
const MOST_COMMAND = 60;

export const traces = defineCommand({
  name: "traces",
  summary: "List the traces that are kept, or remove some",
  details: [
    "Without words, all traces below the folder of traces ($TICKPROOF_TRACES, else the user's data folder) are listed, the",
    "newest first. A name is as 'replay' takes it: npm-test-0, core/alarm, or the path below that folder. 'shared' is what a",
    "trace and the store of mapped files have in common: it goes with the last of them.",
  ].join("\n"),
  options: {
    remove: { kind: "flag", help: "remove the traces that are named, or that --older-than finds" },
    "older-than": {
      kind: "count",
      value: "DAYS",
      help: "only traces that were recorded so many days ago or earlier",
    },
    json: { kind: "flag", help: "print JSON instead of text" },
  },
  positionals: { usage: "[NAME…]", min: 0, max: Number.POSITIVE_INFINITY },
  async run({ options, positionals: names }) {
    const { listTraces, namedTraces, removeTraces } = await import("./_trace-list.ts");
    const days = options["older-than"];
    if (options.remove && names.length === 0 && days === undefined) {
      throw new UsageError(
        "'--remove' needs names of traces, or --older-than DAYS: 'tickproof traces' lists them",
      );
    }
    const all = names.length > 0 ? namedTraces(names) : listTraces();
    const before = days === undefined ? undefined : new Date(Date.now() - days * DAY_MS).toISOString();
    // Of a damaged one nobody knows how old it is.
    const chosen = all.filter(
      ({ recordedAt }) => before === undefined || (recordedAt !== undefined && recordedAt < before),
    );
    if (options.remove) removeTraces(chosen);
    if (options.json) print(`${JSON.stringify({ removed: options.remove, traces: chosen }, null, 2)}\n`);
    else if (options.remove) say(`tickproof: removed ${inWords(chosen)}\n`);
    else print(await listText(chosen));
    return OK;
  },
});

type Listed = ReturnType<typeof import("./_trace-list.ts").listTraces>;

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

function inWords(list: Listed): string {
  const bytes = list.reduce((sum, one) => sum + one.bytes, 0);
  return `${counted(list.length, "trace")}, ${megabytes(bytes)} MB`;
}

async function listText(list: Listed): Promise<string> {
  const { layOut } = await import("../reporters/table.ts");
  const columns = [
    { title: "trace", align: "left" as const },
    { title: "MB", align: "right" as const },
    { title: "shared", align: "right" as const },
    { title: "recorded", align: "left" as const },
    { title: "command", align: "left" as const },
  ];
  const rows = list.map(({ name, bytes, sharedBytes, recordedAt, command, damage }) => [
    { text: oneLine(name) },
    { text: megabytes(bytes) },
    { text: megabytes(sharedBytes) },
    { text: recordedAt?.slice(0, 16).replace("T", " ") ?? "–" },
    {
      text:
        damage === undefined ? shortened(oneLine((command ?? []).join(" "))) : `damaged: ${oneLine(damage)}`,
    },
  ]);
  return [...layOut(columns, rows, (text) => text), inWords(list)].map((line) => `${line}\n`).join("");
}

function shortened(text: string): string {
  return text.length > MOST_COMMAND ? `${text.slice(0, MOST_COMMAND - 1)}…` : text;
}

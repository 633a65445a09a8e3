/** `tickproof cache`: what is kept from one recording for the next, and how to be rid of it. */
import { defineCommand } from "../args/mod.ts";
import { OK } from "../errors/mod.ts";
import { print, say } from "../output/mod.ts";

export const cache = defineCommand({
  name: "cache",
  summary: "Show what is kept for later recordings, or clear it",
  details: [
    "Kept in the user's cache folder: translations of programs' text, the contents of mapped files, compiled test",
    "programs, and checked settings. All of it can be cleared at any time: traces stay whole, and what is needed again is made again.",
  ].join("\n"),
  options: {
    clear: { kind: "flag", help: "remove all of it" },
    json: { kind: "flag", help: "print JSON instead of text" },
  },
  positionals: { usage: "", min: 0, max: 0 },
  async run({ options }) {
    const { cacheContents, clearCache } = await import("../files/mod.ts");
    const contents = cacheContents();
    if (options.clear) {
      clearCache();
      if (options.json) print(`${JSON.stringify({ cleared: contents }, null, 2)}\n`);
      else say(`tickproof: cleared ${contents.folder}\n`);
      return OK;
    }
    print(options.json ? `${JSON.stringify(contents, null, 2)}\n` : await contentsText(contents));
    return OK;
  },
});

type Contents = ReturnType<typeof import("../files/mod.ts").cacheContents>;

async function contentsText({ folder, kinds }: Contents): Promise<string> {
  const { layOut } = await import("../reporters/table.ts");
  const columns = [
    { title: "kept", align: "left" as const },
    { title: "files", align: "right" as const },
    { title: "MB", align: "right" as const },
    { title: "used last", align: "left" as const },
  ];
  const rows = kinds.map(({ what, files, bytes, lastUsed }) => [
    { text: what },
    { text: String(files) },
    { text: (bytes / 1e6).toFixed(1) },
    { text: lastUsed ?? "–" },
  ]);
  return [...layOut(columns, rows, (text) => text), `in ${folder}`].map((line) => `${line}\n`).join("");
}

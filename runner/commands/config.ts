/** `tickproof config`: the settings as they hold here, each with where it comes from. */
import { defineCommand } from "../args/mod.ts";
import { OK } from "../errors/mod.ts";
import { isRichTerminal, print } from "../output/mod.ts";
import { explainSettings, PROFILE_OPTION, type Setting, type Source, useProfile } from "../settings/mod.ts";

export const config = defineCommand({
  name: "config",
  summary: "Show the settings that hold here, and where each comes from",
  details: [
    "Settings are kept in tickproof.yaml in the working directory. A flag of 'suites' weighs more than a variable of",
    "the environment, that more than the file, and that more than the default. In the file, what 'hosts' says of this",
    "host weighs more than what 'profiles' says of the profile, and that more than its top.",
  ].join("\n"),
  options: { json: { kind: "flag", help: "print JSON instead of text" }, profile: PROFILE_OPTION },
  positionals: { usage: "", min: 0, max: 0 },
  async run({ options }) {
    await useProfile(options.profile);
    const settings = await explainSettings();
    print(options.json ? `${JSON.stringify(settings, null, 2)}\n` : await settingsText(settings));
    return OK;
  },
});

function sourceText(source: Source): string {
  switch (source.kind) {
    case "default":
      return "default";
    case "file":
      return `${source.file}:${source.line}`;
    case "environment":
      return `$${source.variable}`;
  }
}

async function settingsText(settings: readonly Setting[]): Promise<string> {
  const { layOut } = await import("../reporters/table.ts");
  const { styleFor } = await import("../reporters/style.ts");
  const style = styleFor(isRichTerminal(1));
  const columns = ["setting", "value", "from", "flag"].map((title) => ({ title, align: "left" as const }));
  const rows = settings.map(({ name, value, source, flag }) => [
    { text: name },
    { text: value === undefined ? "–" : String(value) },
    { text: sourceText(source), ...(source.kind === "default" && { style: style.dim }) },
    { text: flag ?? "" },
  ]);
  return layOut(columns, rows, style.strong)
    .map((line) => `${line}\n`)
    .join("");
}

/** `tickproof fleet`: who is in a fleet, and who may do what there. */
import { didYouMean } from "../../ffi/mod.ts";
import { defineCommand } from "../args/mod.ts";
import { OK, UsageError } from "../errors/mod.ts";

const QUESTIONS = ["agents", "grant"] as const;

export const fleet = defineCommand({
  name: "fleet",
  summary: "Show the agents of a fleet, or give a role of PostgreSQL its rights there",
  details: [
    "'agents' shows who has registered. 'grant RIGHT ROLE' lets a role of the database submit tests, work on them, or read;",
    "its owner says so. See docs/fleet.md.",
  ].join("\n"),
  options: {
    json: { kind: "flag", help: "with 'agents': print JSON, with all that each has found on its host" },
  },
  positionals: { usage: "agents | grant submit|work|read ROLE", min: 1, max: 3 },
  async run({ options, positionals: [question = "", ...words] }) {
    if (!QUESTIONS.some((known) => known === question)) {
      throw new UsageError(
        `'fleet' knows no '${question}'${didYouMean(question, QUESTIONS) || `: ${QUESTIONS.join(" or ")}`}`,
      );
    }
    const { FleetStore, RIGHTS, registeredAgents } = await import("../fleet/mod.ts");
    const { historyPlace } = await import("../history/mod.ts");
    const { print, say } = await import("../output/mod.ts");
    const [word, role, more] = words;
    const right = RIGHTS.find((known) => known === word);
    if (question === "agents" && word !== undefined)
      throw new UsageError(`'fleet agents' takes no word: '${word}' is one too many`);
    if (question === "grant" && (right === undefined || role === undefined || more !== undefined)) {
      throw new UsageError(
        "'fleet grant' takes a right (submit, work or read) and the name of a role of PostgreSQL",
      );
    }
    await using store = await FleetStore.open(historyPlace(), {
      warn: (text) => say(`tickproof: ${text}\n`),
    });
    try {
      if (right !== undefined && role !== undefined) {
        await store.grant(right, role);
        say(`tickproof: '${role}' may ${right} in ${store.name}\n`);
        return OK;
      }
      const agents = await registeredAgents(store);
      if (options.json) print(`${JSON.stringify(agents, null, 2)}\n`);
      else {
        const { agentsText } = await import("../reporters/fleet-agents.ts");
        print(agentsText(agents));
      }
      return OK;
    } catch (error) {
      throw store.error(error);
    }
  },
});

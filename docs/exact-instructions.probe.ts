import type { UserProbe } from "tickproof";

export default {
  name: "exact-instructions",
  title: "a loop's instructions are counted, two for each branch",
  kind: "good",
  remedy: "run on a machine with a PMU, or without what shares it",
  needs: { "hardware-events": "yes" },
  run({ count }) {
    const branches = 500;
    const counted = count("instructions:u", branches);
    if (typeof counted === "string") return { state: "unknown", evidence: counted };
    const evidence = `${counted} instructions around ${branches} branches`;
    return { state: counted >= 2 * branches ? "yes" : "no", evidence, numbers: { counted, branches } };
  },
} satisfies UserProbe;

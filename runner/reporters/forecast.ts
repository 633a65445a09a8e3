/** What would happen on a host: a column for each engine, and the reasons below. */

import type { EngineName } from "../host/mod.ts";
import type { Note } from "../results/mod.ts";
import type { Decision, Forecast, Prospect } from "../run/mod.ts";
import { firstOf } from "./details.ts";
import type { Style } from "./style.ts";
import { type Cell, layOut } from "./table.ts";

/** One word, or two. */
function actionOf(decision: Decision): "run" | "run, flagged" | "xfail" | "skip" | "broken" {
  if (decision.kind !== "run") return decision.kind;
  if (decision.xfail !== undefined) return "xfail";
  return decision.flags.length + decision.forced.length > 0 ? "run, flagged" : "run";
}

/** Why, a note for each reason. */
function notesOf(decision: Decision): readonly Pick<Note, "text" | "url">[] {
  switch (decision.kind) {
    case "skip":
      return [decision.note];
    case "broken":
      return [{ text: decision.reason }];
    case "run":
      return [...(decision.xfail ? [decision.xfail] : []), ...decision.forced, ...decision.flags];
  }
}

function noteLines(prospects: readonly Prospect[], style: Style): string[] {
  const notes = prospects.flatMap(({ test, engine, decision }) =>
    notesOf(decision).map(({ text, url }) => ({
      what: `${engine}: ${actionOf(decision)}`,
      id: test.id,
      text: url === undefined ? text : `${text} ${url}`,
    })),
  );
  return [...Map.groupBy(notes, ({ what, text }) => `${what}\0${text}`).values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    return [`  ${style.warn(first.what)} ${firstOf(group.map(({ id }) => id))}: ${first.text}`];
  });
}

function totals(engine: EngineName, prospects: readonly Prospect[]): string {
  const own = prospects.filter((prospect) => prospect.engine === engine);
  const counts = Map.groupBy(own, ({ decision }) => actionOf(decision));
  return `${engine}: ${[...counts].map(([action, group]) => `${group.length} ${action}`).join("; ")}`;
}

/** The forecast as text. */
export function forecastText({ host, engines, prospects }: Forecast, style: Style): string {
  const looks = {
    run: style.good,
    "run, flagged": style.good,
    skip: style.warn,
    xfail: style.warn,
    broken: style.bad,
  };
  const byTest = Map.groupBy(prospects, ({ test }) => test.id);
  const rows = [...byTest.values()].map((group): Cell[] => {
    const test = group[0]?.test;
    const name = test?.host === undefined ? (test?.id ?? "") : `${test.id} (on ${test.host})`;
    const cells = engines.map((engine): Cell => {
      const decision = group.find((prospect) => prospect.engine === engine)?.decision;
      if (decision === undefined) return { text: "" };
      const action = actionOf(decision);
      return { text: action, style: looks[action] };
    });
    return [{ text: name }, ...cells];
  });
  const columns = ["test", ...engines].map((title) => ({ title, align: "left" }) as const);
  const notes = noteLines(prospects, style);
  return [
    style.strong(`what would happen on ${host}`),
    ...layOut(columns, rows, style.dim).map((line) => `  ${line}`),
    "",
    ...(notes.length > 0 ? [...notes, ""] : []),
    ...engines.map((engine) => totals(engine, prospects)),
    "",
  ].join("\n");
}

/** The forecast in the form that `--json` prints. */
export function forecastJson({ host, engines, prospects }: Forecast): object {
  return {
    host,
    engines,
    tests: prospects.map(({ test, engine, decision }) => ({
      id: test.id,
      engine,
      ...(test.host !== undefined && { host: test.host }),
      action: actionOf(decision),
      reasons: notesOf(decision),
      missing: decision.kind === "skip" ? decision.note.missing : [],
    })),
  };
}

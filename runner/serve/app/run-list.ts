/** Runs as a table. */
import { el } from "../../report-page/app/dom.ts";
import { date } from "../../report-page/app/format.ts";
import type { Board, LiveRun } from "../page-types.ts";
import { countsWords, nothing, RunBar, refill, stateBadge } from "./parts.ts";
import type { View } from "./view.ts";

const HEADS = ["Started (UTC)", "Host", "Kernel", "State", "Came to"];

/** A table of runs. */
export function runsTable(runs: readonly LiveRun[]): HTMLElement {
  const rows = runs.map((run) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, el("a", { href: `/runs/${run.id}` }, date(run.startedAt))),
      el("td", {}, run.host),
      el("td", {}, run.kernel),
      el("td", {}, stateBadge(run.state)),
      el("td", { class: "came-to" }, new RunBar(run).element, el("small", {}, countsWords(run))),
    ),
  );
  return el(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of runs" },
    el(
      "table",
      { class: "runs" },
      el("caption", { class: "hidden-text" }, "Runs, the newest first"),
      el("thead", {}, el("tr", {}, ...HEADS.map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, ...rows),
    ),
  );
}

/** The newest runs. */
export class RunsView implements View {
  readonly title = "Runs";
  readonly element: HTMLElement;
  readonly #list = el("div");
  #shown = "";

  constructor() {
    this.element = el(
      "section",
      { "aria-labelledby": "runs-title" },
      el("h2", { id: "runs-title" }, "Runs"),
      this.#list,
    );
  }

  board({ newest }: Board): void {
    const text = JSON.stringify(newest);
    if (text === this.#shown) return;
    this.#shown = text;
    refill(this.#list, newest.length > 0 ? runsTable(newest) : nothing("No runs yet."));
  }
}

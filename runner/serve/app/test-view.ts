/** One test: what it came to on each kernel and host, and all that is known of its newest attempts, with their timelines. */

import { paintCharts } from "../../report-page/app/charts.ts";
import { detailsView } from "../../report-page/app/details.ts";
import { button, el } from "../../report-page/app/dom.ts";
import { percent, signOf, whole } from "../../report-page/app/format.ts";
import type { Cell, PageData, Timeline } from "../../report-page/page-data.ts";
import type { KernelRate, LiveAttempt } from "../page-types.ts";
import { ask, Refused } from "./connection.ts";
import { nothing, troubleView } from "./parts.ts";
import type { View } from "./view.ts";

interface Answer {
  page: PageData;
  kernels: KernelRate[];
  more: boolean;
}

/** How grave verdicts are: what is worst is open. */
const ORDER = ["fail", "timeout", "xpass", "flaky", "broken", "unsupported"];

/** A test's view. */
export class TestView implements View {
  readonly title: string;
  readonly element: HTMLElement;
  readonly #test: string;
  readonly #fresh = el("p", { role: "status" });
  readonly #body = el("div", {}, nothing("…"));
  /** The column that is open: it stays open when the test is asked for again. */
  #open = "";

  constructor(test: string) {
    this.#test = test;
    this.title = test;
    this.element = el(
      "section",
      { "aria-labelledby": "test-title" },
      el("h2", { id: "test-title" }, test),
      this.#fresh,
      this.#body,
    );
    void this.#load();
  }

  /** What is being read does not change under the eyes: a button shows what is new. */
  attempts(attempts: readonly LiveAttempt[]): void {
    const last = attempts.findLast(({ test }) => test === this.#test);
    if (last === undefined) return;
    this.#fresh.replaceChildren(
      `A new attempt on ${last.describedHost || last.host}: ${signOf(last.verdict)} ${last.verdict}. `,
      button("Show it", () => void this.#load()),
    );
  }

  async #load(): Promise<void> {
    try {
      const answer = await ask<Answer>("/api/test", { test: this.#test });
      this.#fresh.replaceChildren();
      this.#show(answer);
    } catch (error) {
      this.#body.replaceChildren(troubleView(error, () => void this.#load()));
    }
  }

  #show({ page, kernels, more }: Answer): void {
    const panel = el("div", { class: "panel", id: "test" });
    const nameOf = ({ target }: Cell) => {
      const { name = "", engine = "", kernel = "" } = page.targets[target] ?? {};
      return `${name}, ${engine}, ${kernel}`;
    };
    const choices = new Map<Cell, HTMLButtonElement>();
    const choose = (cell: Cell) => {
      this.#open = nameOf(cell);
      for (const [other, made] of choices) made.setAttribute("aria-pressed", String(other === cell));
      panel.replaceChildren(detailsView(page, cell, loadTimeline));
      paintCharts();
    };
    const rank = ({ verdict }: Cell) => (ORDER.indexOf(verdict) + ORDER.length + 1) % (ORDER.length + 1);
    const cells = page.cells.toSorted((a, b) => rank(a) - rank(b));
    const list = cells.map((cell) => {
      const made = button("", () => choose(cell), { class: "failure", "aria-pressed": "false" });
      made.append(
        el("span", { class: `badge ${cell.verdict}` }, `${signOf(cell.verdict)} ${cell.verdict}`),
        el("strong", {}, page.targets[cell.target]?.name ?? ""),
        el("small", {}, nameOf(cell)),
      );
      choices.set(cell, made);
      return el("li", {}, made);
    });
    this.#body.replaceChildren(
      ...(kernels.length > 0 ? [kernelsTable(kernels)] : []),
      el("div", { class: "beside" }, el("ul", { class: "failure-list" }, ...list), panel),
      ...(more ? [nothing(`The newest ${whole(page.attempts.run.length)} attempts are here.`)] : []),
    );
    const first = cells.find((cell) => nameOf(cell) === this.#open) ?? cells[0];
    if (first !== undefined) choose(first);
  }
}

async function loadTimeline(trace: string): Promise<Timeline | string> {
  try {
    const answer = await ask<{ timeline: Timeline } | { damage: string }>("/api/timeline", { trace });
    return "timeline" in answer ? answer.timeline : answer.damage;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return error.message;
  }
}

/** Kernels, the oldest first, with the one marked from which on it fails. */
function kernelsTable(kernels: readonly KernelRate[]): HTMLElement {
  const firstBad = kernels.findLastIndex(({ failed }) => failed === 0) + 1;
  const rows = kernels.map(({ kernel, attempts, failed }, at) =>
    el(
      "tr",
      { class: at === firstBad ? "first-bad" : "" },
      el("th", { scope: "row" }, kernel),
      el("td", { class: "number" }, whole(attempts)),
      el("td", { class: "number" }, percent(failed / attempts)),
      el(
        "td",
        {},
        at === firstBad ? el("strong", { class: "fail" }, `${signOf("fail")} first bad kernel`) : "",
      ),
    ),
  );
  const heads = ["Kernel", "Attempts", "Failed", ""];
  return el(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Kernels" },
    el(
      "table",
      { class: "kernels-table" },
      el("caption", {}, "Over all time, by kernel"),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          ...heads.map((head, at) =>
            head === "" ? el("td") : el("th", { scope: "col", class: at === 0 ? "" : "number" }, head),
          ),
        ),
      ),
      el("tbody", {}, ...rows),
    ),
  );
}

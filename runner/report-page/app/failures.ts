/** What failed, first of all: a list of failures, and a panel beside it that shows the chosen one. */
import type { Cell, PageData } from "../page-data.ts";
import { button, el } from "./dom.ts";
import { counted, signOf } from "./format.ts";
import { Pager } from "./pager.ts";

/** Verdicts that are failures, the gravest first. */
const ORDER = ["fail", "timeout", "xpass", "unsupported", "broken", "flaky"];
const ROWS = 12;

/** The cells whose newest run has failed, the gravest and then the newest first. */
export function failuresOf({ cells, attempts, runs }: Pick<PageData, "cells" | "attempts" | "runs">): Cell[] {
  const rank = ({ verdict }: Cell) => ORDER.indexOf(verdict);
  const started = ({ to }: Cell) => runs[attempts.run[to - 1] ?? -1]?.startedAt ?? "";
  return cells
    .filter((cell) => rank(cell) >= 0)
    .toSorted((a, b) => rank(a) - rank(b) || started(b).localeCompare(started(a)));
}

/** The list of failures and the panel of the chosen one. */
export class Failures {
  readonly element: HTMLElement;
  /** Where the chosen test is shown: one of the list, or any other. */
  readonly panel = el("div", { id: "test", class: "panel" });
  readonly #buttons = new Map<Cell, HTMLButtonElement>();

  constructor(data: PageData, onSelect: (cell: Cell) => void) {
    const failures = failuresOf(data);
    const list = el("ul", { class: "failure-list" });
    const item = (cell: Cell): HTMLElement => {
      const [reason = ""] = cell.reason.split("\n");
      const target = data.targets[cell.target];
      const made = button("", () => onSelect(cell), { class: "failure", "aria-pressed": "false" });
      made.append(
        el("span", { class: `badge ${cell.verdict}` }, `${signOf(cell.verdict)} ${cell.verdict}`),
        el("strong", {}, data.tests[cell.test] ?? ""),
        el("small", {}, `${target?.name}, ${target?.engine}`),
        ...(reason === "" ? [] : [el("small", { class: "reason" }, reason)]),
      );
      this.#buttons.set(cell, made);
      return el("li", {}, made);
    };
    const pager = new Pager({
      what: "failures",
      size: ROWS,
      show: (from, to) => {
        this.#buttons.clear();
        list.replaceChildren(...failures.slice(from, to).map(item));
      },
    });
    pager.reset(failures.length);
    const words =
      failures.length === 0
        ? "Nothing failed in the newest runs."
        : `${counted(failures.length, "test")} failed in the newest runs.`;
    this.panel.append(el("p", { class: "quiet" }, "Choose a test here or in the matrix."));
    this.element = el(
      "div",
      { class: failures.length === 0 ? "" : "beside" },
      el(
        "div",
        {},
        el("p", { class: "quiet" }, words),
        ...(failures.length > 0 ? [list, pager.element] : []),
      ),
      this.panel,
    );
  }

  /** Shows something of a test in the panel, and marks it in the list. */
  show(cell: Cell, view: HTMLElement): void {
    for (const [other, made] of this.#buttons) made.setAttribute("aria-pressed", String(other === cell));
    this.panel.replaceChildren(view);
  }
}

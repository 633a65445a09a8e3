/** Tests by targets: what came of each, with its reason. A grid that arrows move in. */
import type { Cell, PageData } from "../page-data.ts";
import { el } from "./dom.ts";
import { signOf } from "./format.ts";
import { Pager } from "./pager.ts";

const ROWS = 40;

/** How the keys move: rows and columns. */
const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  Home: [0, Number.NEGATIVE_INFINITY],
  End: [0, Number.POSITIVE_INFINITY],
};

/** The grid of results; choosing a cell tells the page which test is meant. */
export class Matrix {
  readonly element: HTMLElement;
  readonly #data: PageData;
  readonly #onSelect: (cell: Cell) => void;
  readonly #body = el("tbody");
  readonly #pager: Pager;
  /** Rows that are shown: a test and its cells by target. */
  #rows: { test: number; cells: Map<number, Cell> }[] = [];
  #selected: Cell | undefined;

  constructor(data: PageData, onSelect: (cell: Cell) => void) {
    this.#data = data;
    this.#onSelect = onSelect;
    this.#pager = new Pager({ what: "tests", size: ROWS, show: (from, to) => this.#show(from, to) });
    const heads = data.targets.map(({ name, described, engine, kernel, cpu }) =>
      el(
        "th",
        { scope: "col", title: cpu },
        name,
        el("small", {}, described ? "described host" : kernel),
        el("small", {}, engine),
      ),
    );
    const table = el(
      "table",
      { role: "grid", class: "matrix", "aria-describedby": "matrix-help" },
      el("caption", { class: "hidden-text" }, "What came of each test on each host"),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Test"), ...heads)),
      this.#body,
    );
    table.addEventListener("keydown", (event) => this.#key(event));
    this.element = el("div", {}, el("div", { class: "scroll" }, table), this.#pager.element);
  }

  /** Shows these cells, and the rows that they are in. */
  show(cells: readonly Cell[]): void {
    const rows = Map.groupBy(cells, ({ test }) => test);
    this.#rows = [...rows].map(([test, all]) => ({
      test,
      cells: new Map(all.map((cell) => [cell.target, cell])),
    }));
    this.#pager.reset(this.#rows.length);
  }

  /** Marks a cell as the chosen one. */
  select(cell: Cell): void {
    this.#selected = cell;
    for (const other of this.#body.querySelectorAll("[aria-selected=true]"))
      other.setAttribute("aria-selected", "false");
    this.#find(cell)?.setAttribute("aria-selected", "true");
  }

  #find({ test, target }: Cell): HTMLElement | null {
    return this.#body.querySelector(`td[data-test="${test}"][data-target="${target}"]`);
  }

  #show(from: number, to: number): void {
    const rows = this.#rows
      .slice(from, to)
      .map(({ test, cells }) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, this.#data.tests[test] ?? ""),
          ...this.#data.targets.map((_, target) => this.#cell(test, target, cells.get(target))),
        ),
      );
    this.#body.replaceChildren(...rows);
    // One cell is in the tab order: from there, arrows lead to the others.
    this.#body.querySelector("td[data-test]")?.setAttribute("tabindex", "0");
  }

  #cell(test: number, target: number, cell: Cell | undefined): HTMLElement {
    if (cell === undefined) return el("td", { class: "none", tabindex: -1 }, "");
    const [reason = ""] = cell.reason.split("\n");
    const count = cell.newest > 1 ? ` ${cell.newestPassed}/${cell.newest}` : "";
    const made = el(
      "td",
      {
        class: `verdict ${cell.verdict}`,
        tabindex: -1,
        "data-test": test,
        "data-target": target,
        "aria-selected": String(cell === this.#selected),
        title: reason,
      },
      el("span", { "aria-hidden": "true", class: "sign" }, signOf(cell.verdict)),
      `${cell.verdict}${count}`,
      ...(reason === "" ? [] : [el("small", {}, reason)]),
    );
    made.addEventListener("click", () => this.#onSelect(cell));
    return made;
  }

  #key(event: KeyboardEvent): void {
    const cell = event.target;
    if (!(cell instanceof HTMLTableCellElement)) return;
    if (event.key === "Enter" || event.key === " ") cell.click();
    else if (event.key === "PageDown" || event.key === "PageUp") {
      if (this.#pager.turn(event.key === "PageDown" ? 1 : -1)) this.#focus(0, 0);
    } else if (event.key in MOVES) this.#move(cell, MOVES[event.key] ?? [0, 0]);
    else return;
    event.preventDefault();
  }

  #move(cell: HTMLTableCellElement, [down, right]: readonly [number, number]): void {
    const row = (cell.parentElement as HTMLTableRowElement).sectionRowIndex + down;
    const last = this.#body.rows.length - 1;
    if (row > last && this.#pager.turn(1)) this.#focus(0, cell.cellIndex - 1);
    else if (row < 0 && this.#pager.turn(-1)) this.#focus(this.#body.rows.length - 1, cell.cellIndex - 1);
    else this.#focus(row, cell.cellIndex - 1 + right);
  }

  #focus(row: number, column: number): void {
    const { rows } = this.#body;
    const tr = rows[Math.min(rows.length - 1, Math.max(0, row))];
    const cells = tr?.querySelectorAll("td");
    if (!cells) return;
    const cell = cells[Math.min(cells.length - 1, Math.max(0, column))];
    this.#body.querySelector("td[tabindex='0']")?.setAttribute("tabindex", "-1");
    cell?.setAttribute("tabindex", "0");
    cell?.focus();
  }
}

/** Flake rates, durations, overheads and counters of all tests: a table to sort. */
import type { Cell, PageData } from "../page-data.ts";
import { announce, button, el } from "./dom.ts";
import { percent, signOf, spread, time, times, whole } from "./format.ts";
import { Pager } from "./pager.ts";

interface Column {
  name: string;
  /** What it is sorted by; undefined comes last. */
  by: (cell: Cell, data: PageData) => number | string | undefined;
  text: (cell: Cell, data: PageData) => string;
  number?: boolean;
}

const testName = ({ test }: Cell, { tests }: PageData) => tests[test] ?? "";
const targetName = ({ target }: Cell, { targets }: PageData) =>
  `${targets[target]?.name} · ${targets[target]?.engine}`;

function duration(name: string, key: "nativeMs" | "recordMs" | "replayMs"): Column {
  return { name, number: true, by: (cell) => cell[key]?.median, text: (cell) => time(cell[key]?.median) };
}

function overhead(name: string, key: "recordOverhead" | "replayOverhead"): Column {
  return { name, number: true, by: (cell) => cell[key], text: (cell) => times(cell[key]) };
}

function counter(name: string, key: "ticks" | "events" | "signals" | "switches"): Column {
  return { name, number: true, by: (cell) => cell[key]?.median, text: (cell) => spread(cell[key]) };
}

const COLUMNS: readonly Column[] = [
  { name: "Test", by: testName, text: testName },
  { name: "Host · engine", by: targetName, text: targetName },
  { name: "Verdict", by: ({ verdict }) => verdict, text: ({ verdict }) => `${signOf(verdict)} ${verdict}` },
  { name: "Attempts", number: true, by: ({ telling }) => telling, text: ({ telling }) => whole(telling) },
  {
    name: "Failure rate",
    number: true,
    by: ({ rate, telling }) => (telling > 0 ? rate.rate : undefined),
    text: ({ rate, telling }) =>
      telling > 0 ? `${percent(rate.rate)} (${percent(rate.low)} to ${percent(rate.high)})` : "–",
  },
  {
    name: "Flake rate",
    number: true,
    by: ({ flipRate }) => flipRate,
    text: ({ flipRate }) => (flipRate === undefined ? "–" : percent(flipRate)),
  },
  duration("Native", "nativeMs"),
  duration("Record", "recordMs"),
  overhead("Record ÷ native", "recordOverhead"),
  duration("Replay", "replayMs"),
  overhead("Replay ÷ native", "replayOverhead"),
  counter("Ticks", "ticks"),
  counter("Events", "events"),
  counter("Signals", "signals"),
  counter("Switches", "switches"),
];

const ROWS = 25;

/** The table of figures; a head sorts it by its column. */
export class Figures {
  readonly element: HTMLElement;
  readonly #data: PageData;
  readonly #body = el("tbody");
  readonly #heads: HTMLElement[];
  readonly #pager: Pager;
  #cells: Cell[] = [];
  #sorted = 0;
  #down = false;

  constructor(data: PageData, onSelect: (cell: Cell) => void) {
    this.#data = data;
    this.#heads = COLUMNS.map(({ name, number }, index) =>
      el(
        "th",
        { scope: "col", class: number ? "number" : "" },
        button(name, () => this.#sortBy(index)),
      ),
    );
    const row = (cell: Cell) => {
      const [first = "", ...rest] = COLUMNS.map(({ text }) => text(cell, data));
      const name = button(first, () => onSelect(cell), { class: "link" });
      return el(
        "tr",
        {},
        el("th", { scope: "row" }, name),
        ...rest.map((text, index) => el("td", { class: COLUMNS[index + 1]?.number ? "number" : "" }, text)),
      );
    };
    this.#pager = new Pager({
      what: "rows",
      size: ROWS,
      show: (from, to) => this.#body.replaceChildren(...this.#cells.slice(from, to).map(row)),
    });
    const caption =
      "Figures of each test: medians over the attempts that passed, with bounds where they differ";
    const table = el(
      "table",
      { class: "figures" },
      el("caption", { class: "hidden-text" }, caption),
      el("thead", {}, el("tr", {}, ...this.#heads)),
      this.#body,
    );
    const scroll = el(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "Figures" },
      table,
    );
    this.element = el("div", {}, scroll, this.#pager.element);
  }

  /** Shows these cells. */
  show(cells: readonly Cell[]): void {
    this.#cells = [...cells];
    this.#sort();
  }

  #sortBy(column: number): void {
    this.#down = column === this.#sorted ? !this.#down : COLUMNS[column]?.number === true;
    this.#sorted = column;
    this.#sort();
    announce(`sorted by ${COLUMNS[column]?.name}, ${this.#down ? "descending" : "ascending"}`);
  }

  #sort(): void {
    const { by } = COLUMNS[this.#sorted] as Column;
    const sign = this.#down ? -1 : 1;
    this.#cells.sort((one, other) => {
      const [a, b] = [by(one, this.#data), by(other, this.#data)];
      if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
      return a === b ? 0 : a < b ? -sign : sign;
    });
    this.#heads.forEach((head, index) => {
      head.setAttribute(
        "aria-sort",
        index !== this.#sorted ? "none" : this.#down ? "descending" : "ascending",
      );
    });
    this.#pager.reset(this.#cells.length);
  }
}

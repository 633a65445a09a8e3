/** Tests by hosts over the last month: a strip of days for each, and a search. */
import { announce, el } from "../../report-page/app/dom.ts";
import { counted, signOf, whole } from "../../report-page/app/format.ts";
import { Pager } from "../../report-page/app/pager.ts";
import {
  type Board,
  type Column,
  type DayLetter,
  MATRIX_ROWS,
  type MatrixCell,
  type MatrixPart,
} from "../page-types.ts";
import { ask } from "./connection.ts";
import { nothing, refill, testLink, troubleView } from "./parts.ts";
import type { View } from "./view.ts";

/** Colours of days, by name, and what they mean. */
const DAYS: Readonly<Record<DayLetter, readonly [colour: string, words: string]>> = {
  p: ["--pass", "passed"],
  m: ["--warn", "passed and failed"],
  f: ["--fail", "failed"],
  s: ["--skip", "told nothing"],
  ".": ["--line", "did not run"],
};

/** It is not asked again more often while runs go on. */
const AGAIN_MS = 3000;

/** The matrix. */
export class MatrixView implements View {
  readonly title = "Tests";
  readonly element: HTMLElement;
  readonly #words: string;
  readonly #table = el("div");
  readonly #pager: Pager;
  #from = 0;
  #question = 0;
  #seen = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param words What is searched for. */
  constructor(words: string) {
    this.#words = words;
    this.#pager = new Pager({
      what: "tests",
      size: MATRIX_ROWS,
      show: (from) => {
        this.#from = from;
        void this.#load();
      },
    });
    this.element = el(
      "section",
      { "aria-labelledby": "matrix-title" },
      el("h2", { id: "matrix-title" }, "Tests by hosts, the last 30 days"),
      ...(words === "" ? [] : [el("p", {}, `Search: ${words} `, el("a", { href: "/tests" }, "all tests"))]),
      legend(),
      this.#table,
      this.#pager.element,
    );
    void this.#load();
  }

  /** What is shown is of another time when a run has gone on: it is asked for again, not at once for each attempt. */
  board({ newest }: Board): void {
    const now = JSON.stringify(newest);
    if (this.#seen !== "" && this.#seen !== now)
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        if (this.element.isConnected) void this.#load();
      }, AGAIN_MS);
    this.#seen = now;
  }

  async #load(): Promise<void> {
    const question = ++this.#question;
    try {
      const part = await ask<MatrixPart>("/api/matrix", { q: this.#words, from: this.#from });
      if (question !== this.#question) return;
      this.#pager.update(part.count, false);
      refill(this.#table, part.count === 0 ? nothing("No test has these words.") : tableOf(part));
      if (this.#words !== "") announce(counted(part.count, "test"));
    } catch (error) {
      if (question === this.#question)
        refill(
          this.#table,
          troubleView(error, () => void this.#load()),
        );
    }
  }
}

function legend(): HTMLElement {
  return el(
    "ul",
    { class: "legend" },
    ...Object.values(DAYS).map(([colour, words]) => {
      const patch = el("span", { class: "patch", "aria-hidden": "true" });
      patch.style.background = `var(${colour})`;
      return el("li", {}, patch, words);
    }),
  );
}

function tableOf({ days, columns, rows }: MatrixPart): HTMLElement {
  const used = columns
    .map((_, at) => at)
    .filter((at) => rows.some(({ cells }) => cells.some(({ column }) => column === at)));
  const heads = used.map((at) => {
    const { name, described, engine, kernel, cpu } = columns[at] as Column;
    return el(
      "th",
      { scope: "col", title: cpu },
      name,
      el("small", {}, described ? "described host" : kernel),
      el("small", {}, engine),
    );
  });
  const body = rows.map(({ test, cells }) => {
    const byColumn = new Map(cells.map((cell) => [cell.column, cell]));
    return el(
      "tr",
      {},
      el("th", { scope: "row", class: "test-cell" }, testLink(test)),
      ...used.map((at) => cellView(byColumn.get(at), days)),
    );
  });
  return el(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Tests by hosts" },
    el(
      "table",
      { class: "days" },
      el(
        "caption",
        { class: "hidden-text" },
        `What came of each test on each host, from ${days[0]} to ${days.at(-1)}`,
      ),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Test"), ...heads)),
      el("tbody", {}, ...body),
    ),
  );
}

function cellView(cell: MatrixCell | undefined, days: readonly string[]): HTMLElement {
  if (cell === undefined)
    return el("td", { class: "none" }, el("span", { class: "hidden-text" }, "did not run"));
  const { attempts, failed, failing } = cell;
  const words =
    attempts === 0
      ? "told nothing"
      : failed === 0
        ? `passed ${whole(attempts)}`
        : `failed ${whole(failed)} of ${whole(attempts)}`;
  const sign = failing
    ? signOf("fail")
    : attempts === 0
      ? signOf("skip")
      : failed > 0
        ? signOf("flaky")
        : signOf("pass");
  const kind = failing ? "fail" : attempts === 0 ? "skip" : failed > 0 ? "flaky" : "pass";
  const strip = el("div", { class: "strip", "aria-hidden": "true", title: titleOf(cell.days, days) });
  strip.style.background = stripes(cell.days);
  return el(
    "td",
    { class: failing ? "failing" : "" },
    strip,
    el("small", {}, el("span", { class: `badge ${kind}` }, `${sign} `), failing ? `fails, ${words}` : words),
  );
}

/** A gradient of hard stops: one element, however many days there are. */
function stripes(letters: string): string {
  const width = 100 / Math.max(1, letters.length);
  const stops = [...letters].flatMap((letter, at) => {
    const [colour] = DAYS[letter as DayLetter] ?? DAYS["."];
    const from = at * width;
    return [
      `var(${colour}) ${from}% ${from + width * 0.8}%`,
      `transparent ${from + width * 0.8}% ${from + width}%`,
    ];
  });
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

/** Days on which something failed, for a mouse. */
function titleOf(letters: string, days: readonly string[]): string {
  const bad = [...letters].flatMap((letter, at) =>
    letter === "f" || letter === "m" ? [days[at] ?? ""] : [],
  );
  return bad.length === 0 ? "no failures" : `failures on ${bad.join(", ")}`;
}

/** What is going on: runs in progress, what fails now and since when, what fails now and then, the newest runs. */
import { el, section } from "../../report-page/app/dom.ts";
import { counted, date, whole } from "../../report-page/app/format.ts";
import { Pager } from "../../report-page/app/pager.ts";
import type { Board, FailingTest, FlakyTest, LiveAttempt, LiveRun } from "../page-types.ts";
import { badge, columnWords, nothing, rateView, refill, runLink, testLink } from "./parts.ts";
import { RunCards } from "./run-cards.ts";
import { runsTable } from "./run-list.ts";
import type { View } from "./view.ts";

const FAILING_ROWS = 15;
const FLAKY_ROWS = 10;
const RUN_ROWS = 12;

/** The first view. */
export class NowView implements View {
  readonly title = "tickproof";
  readonly element: HTMLElement;
  readonly #tiles = el("dl", { class: "tiles" });
  readonly #cards = new RunCards();
  readonly #failing: PagedList<FailingTest>;
  readonly #flaky: PagedList<FlakyTest>;
  readonly #failingWords = el("p", { class: "quiet" });
  readonly #flakyWords = el("p", { class: "quiet" });
  readonly #runs = el("div");
  #runsShown = "";

  constructor() {
    this.#failing = new PagedList("failing tests", FAILING_ROWS, failingItem);
    this.#flaky = new PagedList("flaky tests", FLAKY_ROWS, flakyItem);
    this.element = el(
      "div",
      {},
      this.#tiles,
      section("progress", "Runs in progress", this.#cards.element),
      section("failing", "Failing now", this.#failingWords, this.#failing.element),
      section("flaky", "Flaky", this.#flakyWords, this.#flaky.element),
      section("runs", "Newest runs", this.#runs),
    );
  }

  board(board: Board): void {
    const { failing, failingCount, flaky, flakyFrom, open, newest } = board;
    refill(this.#tiles, ...tiles(board));
    this.#cards.show(open);
    this.#failingWords.textContent =
      failingCount === 0
        ? "Nothing fails: the newest run of each test passed everywhere."
        : `${counted(failingCount, "test")} failed in the newest run there.${failingCount > failing.length ? ` The newest ${whole(failing.length)} are here.` : ""}`;
    this.#failing.show(failing);
    this.#flakyWords.textContent =
      flaky.length === 0
        ? `Nothing has failed now and then since ${flakyFrom}.`
        : `Failed in some attempts and not in all since ${flakyFrom}; the surest first.`;
    this.#flaky.show(flaky);
    const runs = JSON.stringify(newest);
    if (runs !== this.#runsShown) refill(this.#runs, newestRuns(newest));
    this.#runsShown = runs;
  }

  attempts(attempts: readonly LiveAttempt[]): void {
    this.#cards.add(attempts);
  }
}

function newestRuns(newest: readonly LiveRun[]): HTMLElement {
  if (newest.length === 0) return nothing("No runs yet: 'tickproof suites' adds one each time.");
  return el(
    "div",
    {},
    runsTable(newest.slice(0, RUN_ROWS)),
    el("p", {}, el("a", { href: "/runs" }, "More runs")),
  );
}

function tiles({ tests, columns, open, failingCount, flaky }: Board): HTMLElement[] {
  const tile = (label: string, value: number, kind = "") =>
    el("div", { class: `tile ${kind}` }, el("dd", {}, whole(value)), el("dt", {}, label));
  return [
    tile("in progress", open.length, open.length > 0 ? "going" : ""),
    tile("failing now", failingCount, failingCount > 0 ? "fail" : ""),
    tile("flaky", flaky.length, flaky.length > 0 ? "flaky" : ""),
    tile("tests", tests),
    tile("hosts × engines", columns),
  ];
}

function failingItem(failing: FailingTest): HTMLElement {
  const { test, verdict, reason, rate, since, firstBad, lastGood } = failing;
  const [first = ""] = reason.split("\n");
  return el(
    "li",
    { class: "item" },
    el(
      "div",
      { class: "item-main" },
      badge(verdict),
      testLink(test),
      el("small", {}, columnWords(failing)),
      ...(first === "" ? [] : [el("small", { class: "reason" }, first)]),
    ),
    el(
      "div",
      { class: "item-facts" },
      rateView(rate),
      el("small", {}, "since ", runLink(since)),
      ...(firstBad === undefined
        ? []
        : [
            el(
              "small",
              { class: "kernels" },
              "first bad kernel ",
              el("strong", { class: "fail" }, firstBad.kernel),
              lastGood === undefined ? ", none before" : ", last good ",
              ...(lastGood === undefined ? [] : [el("strong", { class: "pass" }, lastGood.kernel)]),
            ),
          ]),
    ),
  );
}

function flakyItem({ test, rate, last }: FlakyTest): HTMLElement {
  return el(
    "li",
    { class: "item" },
    el("div", { class: "item-main" }, testLink(test)),
    el(
      "div",
      { class: "item-facts" },
      rateView(rate),
      ...(last === undefined
        ? []
        : [el("small", {}, "last failure ", el("a", { href: `/runs/${last.run}` }, date(last.startedAt)))]),
    ),
  );
}

/** A list in pages, that is left alone where nothing of it has changed. */
class PagedList<T> {
  readonly element: HTMLElement;
  readonly #pager: Pager;
  #all: readonly T[] = [];
  #shown = "";

  constructor(what: string, size: number, item: (one: T) => HTMLElement) {
    const list = el("ul", { class: "items" });
    this.#pager = new Pager({
      what,
      size,
      show: (from, to) => refill(list, ...this.#all.slice(from, to).map(item)),
    });
    this.element = el("div", {}, list, this.#pager.element);
  }

  show(all: readonly T[]): void {
    const text = JSON.stringify(all);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#all = all;
    this.#pager.update(all.length);
    this.element.hidden = all.length === 0;
  }
}

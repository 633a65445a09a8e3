/** The page's program: reads the data that came with the page, and shows it. */
import type { Cell, PageData } from "../page-data.ts";
import { paintCharts } from "./charts.ts";
import { detailsView } from "./details.ts";
import { announce, el, folded, liveRegion, section } from "./dom.ts";
import { Failures, failuresOf } from "./failures.ts";
import { Figures } from "./figures.ts";
import { matching } from "./filter.ts";
import { divergences, kernelLog } from "./findings.ts";
import { date, whole } from "./format.ts";
import { Matrix } from "./matrix.ts";
import { overview } from "./overview.ts";
import { themeButton } from "./theme.ts";
import { TimelineView } from "./timeline.ts";

function start(data: PageData): void {
  const select = (cell: Cell, moves = true) => {
    matrix.select(cell);
    const view = detailsView(data, cell);
    failures.show(cell, view);
    paintCharts();
    if (!moves) return;
    const heading = view.querySelector("h3");
    heading?.focus();
    heading?.scrollIntoView({ block: "nearest" });
  };
  const failures = new Failures(data, select);
  const matrix = new Matrix(data, select);
  const figures = new Figures(data, select);
  const words = el("input", {
    type: "search",
    id: "filter",
    placeholder: "test, host, engine, reason",
    autocomplete: "off",
  });
  const verdict = el("select", { id: "verdict" }, el("option", { value: "" }, "any verdict"));
  for (const name of new Set(data.cells.map((cell) => cell.verdict))) verdict.append(el("option", {}, name));
  const apply = () => {
    const cells = matching(data, { words: words.value, verdict: verdict.value });
    matrix.show(cells);
    figures.show(cells);
    announce(`${whole(cells.length)} of ${whole(data.cells.length)} results`);
  };
  words.addEventListener("input", apply);
  verdict.addEventListener("change", apply);

  const help = "Arrows move from cell to cell, Enter opens one, Page Down and Page Up turn pages.";
  const sections = [
    section("failures", "Failures", failures.element),
    section("overview", "Overview", overview(data)),
    section("matrix", "Tests by hosts", el("p", { id: "matrix-help", class: "quiet" }, help), matrix.element),
    section("figures", "Rates, durations, counters", figures.element),
    folded("divergences", "Divergences", "none", divergences(data)),
    folded("kernel", "Kernel log", "nothing", kernelLog(data)),
    data.timeline
      ? section("timeline", "Timeline of a trace", new TimelineView(data.timeline).element)
      : folded("timeline", "Timeline of a trace", "none; tickproof report --trace DIR adds one", undefined),
  ];
  const links = sections.map((one) =>
    el("a", { href: `#${one.id}` }, one.querySelector("h2")?.firstChild?.textContent ?? ""),
  );
  document.body.append(
    el(
      "header",
      {},
      el("h1", {}, "tickproof report"),
      el("span", { class: "quiet" }, `${date(data.generatedAt)} UTC, tickproof ${data.version}`),
      el("span", { class: "room" }),
      el("label", {}, "Filter ", words),
      el("label", {}, el("span", { class: "hidden-text" }, "Verdict "), verdict),
      themeButton(),
    ),
    el("nav", { "aria-label": "Sections" }, ...links),
    el("main", { id: "main", tabindex: -1 }, ...sections),
    liveRegion(),
  );
  apply();
  const [first] = failuresOf(data);
  if (first !== undefined) select(first, false);
}

start(JSON.parse(document.querySelector("#data")?.textContent ?? "{}") as PageData);

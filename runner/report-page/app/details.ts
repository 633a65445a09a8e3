/** One test at one target: its verdict, its reasons, its figures over all attempts, and each attempt. */
import type { Cell, PageData } from "../page-data.ts";
import { type Chart, chartView } from "./charts.ts";
import { distributionOf } from "./distribution.ts";
import { divergenceView } from "./divergence.ts";
import { el } from "./dom.ts";
import { counted, date, percent, signOf, spread, time, times, whole } from "./format.ts";
import { Pager } from "./pager.ts";

/** Shows a cell. */
export function detailsView(data: PageData, cell: Cell): HTMLElement {
  const target = data.targets[cell.target];
  const reasons = cell.reason.split("\n").filter(Boolean);
  const { attempts } = data;
  const details = indices(cell)
    .map((index) => data.details[attempts.detail[index] ?? -1])
    .filter((detail) => detail !== undefined);
  const diverged = details.findLast(({ divergence }) => divergence !== undefined)?.divergence;
  const kernel = [...new Set(details.flatMap(({ kernelLog }) => kernelLog ?? []))];
  const url = details.findLast((detail) => detail.url)?.url;
  return el(
    "article",
    { class: "details" },
    el(
      "h3",
      { tabindex: -1 },
      el("span", { class: `badge ${cell.verdict}` }, `${signOf(cell.verdict)} ${cell.verdict}`),
      ` ${data.tests[cell.test]} `,
      el("small", {}, `${target?.name}, ${target?.engine}, ${target?.kernel}`),
    ),
    ...(reasons.length > 0
      ? [el("ul", { class: "reasons" }, ...reasons.map((reason) => el("li", {}, reason)))]
      : []),
    ...(url ? [el("p", {}, link(url))] : []),
    facts(cell),
    el("div", { class: "charts" }, ...chartsOf(data, cell).map(chartView)),
    ...(diverged ? [el("h4", {}, "Where the replay left the recording"), divergenceView(diverged)] : []),
    ...(kernel.length > 0
      ? [el("h4", {}, "Kernel log meanwhile"), el("pre", { tabindex: 0 }, kernel.join("\n"))]
      : []),
    el("h4", {}, "Attempts, the newest first"),
    attemptsTable(data, cell),
  );
}

/** A link, if it is one that leads to a page: the text comes from a manifest. */
function link(url: string): HTMLElement {
  return /^https?:\/\//.test(url) ? el("a", { href: url, rel: "noreferrer" }, url) : el("span", {}, url);
}

function facts(cell: Cell): HTMLElement {
  const { rate, low, high } = cell.rate;
  const entries: [string, string][] = [
    [
      "flake rate",
      cell.telling === 0
        ? "–"
        : `${percent(rate)} (${percent(low)} to ${percent(high)}; ${whole(cell.failed)} of ${whole(cell.telling)})`,
    ],
    ...(cell.failingSince ? [["first failure", date(cell.failingSince)] as [string, string]] : []),
    ["ticks", spread(cell.ticks)],
    ["events", spread(cell.events)],
    ["signals", spread(cell.signals)],
    ["switches", spread(cell.switches)],
    ...Object.entries(cell.counters ?? {}).map(
      ([event, range]) => [`${event} (native)`, spread(range)] as [string, string],
    ),
    ["native", time(cell.nativeMs?.median)],
    ["record", `${time(cell.recordMs?.median)} ${times(cell.recordOverhead)}`],
    ["replay", `${time(cell.replayMs?.median)} ${times(cell.replayOverhead)}`],
  ];
  return el(
    "dl",
    { class: "facts" },
    ...entries.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
  );
}

function indices({ from, to }: Cell): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function chartsOf({ attempts }: PageData, cell: Cell): Chart[] {
  const all = indices(cell);
  if (all.length < 2) return [];
  const number = all.map((_, index) => index + 1);
  const across = {
    x: number,
    xLabel: "attempt, the oldest first",
    xText: (at: number) => (Number.isInteger(at) && at > 0 ? whole(at) : ""),
  };
  const ticks = all.map((index) => attempts.ticks[index] ?? null);
  const known = ticks.filter((value) => value !== null);
  const charts: Chart[] = [];
  if (known.length > 1) {
    const { from, counts, width } = distributionOf(known);
    const distinct = new Set(known).size;
    charts.push({
      title: "Ticks over repeats",
      words:
        distinct === 1
          ? `All ${whole(known.length)} attempts have ${whole(known[0])} ticks.`
          : `${whole(distinct)} different counts in ${whole(known.length)} attempts: ${spread(cell.ticks)}.`,
      ...across,
      yText: whole,
      fromZero: false,
      series: [{ label: "ticks", colour: "--accent", as: "dots", values: ticks }],
    });
    charts.push({
      title: "Distribution of ticks",
      words: `${counted(counts.length, "bin")} of ${counted(width, "tick")}, from ${whole(from[0])} on.`,
      x: from.map((_, bin) => bin),
      xLabel: "ticks",
      xText: (at) => (Number.isInteger(at) && from[at] !== undefined ? whole(from[at]) : ""),
      yText: whole,
      fromZero: true,
      counts: true,
      series: [{ label: "attempts", colour: "--accent", as: "bars", values: counts }],
    });
  }
  const durations = (["nativeMs", "recordMs", "replayMs"] as const).map((phase) =>
    all.map((index) => attempts[phase][index] ?? null),
  );
  if (durations.some((list) => list.filter((value) => value !== null).length > 1)) {
    const [native = [], record = [], replay = []] = durations;
    charts.push({
      title: "Durations",
      words: `Medians: native ${time(cell.nativeMs?.median)}, record ${time(cell.recordMs?.median)}, replay ${time(cell.replayMs?.median)}.`,
      ...across,
      yText: time,
      fromZero: true,
      series: [
        { label: "native", colour: "--skip", as: "dots", values: native },
        { label: "record", colour: "--accent", as: "line", values: record },
        { label: "replay", colour: "--second", as: "line", values: replay },
      ],
    });
  }
  return charts;
}

const ROWS = 15;

function attemptsTable(data: PageData, cell: Cell): HTMLElement {
  const { attempts } = data;
  const newestFirst = indices(cell).toReversed();
  const body = el("tbody");
  const row = (index: number) => {
    const verdict = data.verdicts[attempts.verdict[index] ?? 0] ?? "";
    const run = data.runs[attempts.run[index] ?? 0];
    const detail = data.details[attempts.detail[index] ?? -1];
    const reason = data.reasons[attempts.reason[index] ?? 0] ?? "";
    const more = [
      reason,
      detail?.trace ? `trace: ${detail.trace}` : "",
      detail?.missing ? `missing: ${detail.missing.join(", ")}` : "",
    ];
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, `${run?.id}.${attempts.number[index]}`),
      el("td", {}, date(run?.startedAt ?? "")),
      el("td", {}, el("span", { class: `badge ${verdict}` }, `${signOf(verdict)} ${verdict}`)),
      el("td", { class: "number" }, whole(attempts.ticks[index])),
      el("td", { class: "number" }, time(attempts.recordMs[index])),
      el("td", { class: "number" }, time(attempts.replayMs[index])),
      el("td", { class: "wide" }, more.filter(Boolean).join("\n")),
    );
  };
  const pager = new Pager({
    what: "attempts",
    size: ROWS,
    show: (from, to) => body.replaceChildren(...newestFirst.slice(from, to).map(row)),
  });
  pager.reset(newestFirst.length);
  const heads = ["Run.attempt", "When", "Verdict", "Ticks", "Record", "Replay", "More"];
  const figures: readonly string[] = ["Ticks", "Record", "Replay"];
  const table = el(
    "table",
    {},
    el("caption", { class: "hidden-text" }, "Attempts"),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        ...heads.map((head) =>
          el("th", { scope: "col", class: figures.includes(head) ? "number" : "" }, head),
        ),
      ),
    ),
    body,
  );
  return el(
    "div",
    {},
    el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Attempts" }, table),
    pager.element,
  );
}

/** One test at one target: its verdict, its reasons, its figures over all attempts, and each attempt. */
import type { Cell, PageData, PageDetail, PageStep, Timeline } from "../page-data.ts";
import { cellCharts, indices } from "./cell-charts.ts";
import { chartView } from "./charts.ts";
import { divergenceView } from "./divergence.ts";
import { el } from "./dom.ts";
import { failureParts } from "./failure-parts.ts";
import { date, percent, signOf, spread, time, times, whole } from "./format.ts";
import { Pager } from "./pager.ts";
import { TimelineView } from "./timeline.ts";

/** Gets the timeline of an attempt that does not come with the page; what went wrong is told instead. */
export type LoadTimeline = (trace: string) => Promise<Timeline | string>;

/**
 * Shows a cell.
 *
 * @param load Where a server has timelines. @default those of the page are all
 */
export function detailsView(data: PageData, cell: Cell, load?: LoadTimeline): HTMLElement {
  const target = data.targets[cell.target];
  const reasons = cell.reason.split("\n").filter(Boolean);
  const { attempts } = data;
  const details = indices(cell)
    .map((index) => data.details[attempts.detail[index] ?? -1])
    .filter((detail) => detail !== undefined);
  const diverged = details.findLast(({ divergence }) => divergence !== undefined)?.divergence;
  const kernel = [...new Set(details.flatMap(({ kernelLog }) => kernelLog ?? []))];
  const steps = data.details[attempts.detail[cell.to - 1] ?? -1]?.steps ?? [];
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
    ...failedAttempts(data, cell, load),
    facts(cell),
    el("div", { class: "charts" }, ...cellCharts(data, cell).map(chartView)),
    ...(steps.length > 0 ? [el("h4", {}, "Steps of the newest attempt"), stepsList(steps)] : []),
    ...(diverged ? [el("h4", {}, "Where the replay left the recording"), divergenceView(diverged)] : []),
    ...(kernel.length > 0
      ? [el("h4", {}, "Kernel log meanwhile"), el("pre", { tabindex: 0 }, kernel.join("\n"))]
      : []),
    el("h4", {}, "Attempts, the newest first"),
    attemptsTable(data, cell),
  );
}

/** Attempts that failed and of which more is known than a reason, each of its own; the newest is open. */
function failedAttempts(data: PageData, cell: Cell, load: LoadTimeline | undefined): HTMLElement[] {
  const { attempts, details, verdicts, runs } = data;
  const told = indices(cell)
    .toReversed()
    .flatMap((index) => {
      const verdict = verdicts[attempts.verdict[index] ?? 0] ?? "";
      const detail = details[attempts.detail[index] ?? -1];
      const parts = detail === undefined || GOOD.has(verdict) ? [] : failureParts(detail);
      const timeline = timelineOf(data, detail, load);
      return parts.length > 0 || timeline !== undefined ? [{ index, parts, timeline }] : [];
    })
    .slice(0, FAILED_SHOWN);
  return told.map(({ index, parts, timeline }, at) => {
    const run = runs[attempts.run[index] ?? 0];
    const name = `Attempt ${run?.id}.${attempts.number[index]}, ${date(run?.startedAt ?? "")}`;
    const made = el("details", { class: "failed-attempt" }, el("summary", {}, name), ...parts);
    if (timeline !== undefined) {
      const place = el("div", {}, el("h4", {}, "The end of its trace"));
      made.append(place);
      // It is painted in the width that it finds, so only where it is seen.
      const paint = async () => {
        const found = await timeline();
        place.append(
          typeof found === "string"
            ? el("p", { class: "quiet" }, found)
            : new TimelineView(found, { id: `end-${index}`, atEnd: true }).element,
        );
      };
      if (at === 0) void paint();
      else made.addEventListener("toggle", () => void paint(), { once: true });
    }
    made.open = at === 0;
    return made;
  });
}

/** What gives the timeline of an attempt; undefined where nobody has it. */
function timelineOf(
  { timelines }: PageData,
  detail: PageDetail | undefined,
  load: LoadTimeline | undefined,
): (() => Promise<Timeline | string>) | undefined {
  const here = timelines?.[detail?.timeline ?? -1];
  if (here !== undefined) return async () => here;
  const name = detail?.traceName;
  return load === undefined || name === undefined ? undefined : () => load(name);
}

const FAILED_SHOWN = 8;
const GOOD: ReadonlySet<string> = new Set(["pass", "skip", "xfail"]);

function stepsList(steps: readonly PageStep[]): HTMLElement {
  const items = steps.map(({ name, verdict: { kind }, milliseconds, steps: inner }) => {
    const badge = el("span", { class: `badge ${kind}` }, `${signOf(kind)} ${kind}`);
    return el(
      "li",
      {},
      badge,
      ` ${name}, ${time(milliseconds)}`,
      ...(inner.length > 0 ? [stepsList(inner)] : []),
    );
  });
  return el("ul", { class: "steps" }, ...items);
}

/** A link, if it is one that leads to a page: the text comes from a manifest. */
function link(url: string): HTMLElement {
  return /^https?:\/\//.test(url) ? el("a", { href: url, rel: "noreferrer" }, url) : el("span", {}, url);
}

function facts(cell: Cell): HTMLElement {
  const { rate, low, high } = cell.rate;
  const entries: [string, string][] = [
    [
      "failure rate",
      cell.telling === 0
        ? "–"
        : `${percent(rate)} (${percent(low)} to ${percent(high)}; ${whole(cell.failed)} of ${whole(cell.telling)})`,
    ],
    ...(cell.flipRate === undefined ? [] : [["flake rate", percent(cell.flipRate)] as [string, string]]),
    ...(cell.failingSince ? [["first failure", date(cell.failingSince)] as [string, string]] : []),
    ...(cell.ticks ? [["ticks", spread(cell.ticks)] as [string, string]] : []),
    ...(cell.events ? [["events", spread(cell.events)] as [string, string]] : []),
    ...(cell.signals ? [["signals", spread(cell.signals)] as [string, string]] : []),
    ...(cell.switches ? [["switches", spread(cell.switches)] as [string, string]] : []),
    ...Object.entries(cell.counters ?? {}).map(
      ([event, range]) => [`${event} (native)`, spread(range)] as [string, string],
    ),
    ...timed("native", cell.nativeMs?.median),
    ...timed("record", cell.recordMs?.median, cell.recordOverhead),
    ...timed("replay", cell.replayMs?.median, cell.replayOverhead),
  ];
  return el(
    "dl",
    { class: "facts" },
    ...entries.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
  );
}

/** A time with its ratio to the native one; nothing where it was not taken. */
function timed(name: string, ms: number | undefined, ratio?: number): [string, string][] {
  if (ms === undefined) return [];
  return [[name, ratio === undefined ? time(ms) : `${time(ms)} ${times(ratio)}`]];
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

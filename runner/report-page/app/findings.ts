/** Divergences and lines of the kernel's log, of all tests. */
import type { Cell, PageData } from "../page-data.ts";
import { divergenceView } from "./divergence.ts";
import { el } from "./dom.ts";
import { date } from "./format.ts";
import { Pager } from "./pager.ts";

/** An attempt that has something to show. */
interface Finding {
  cell: Cell;
  index: number;
}

/** Attempts with details of some sort, the newest first. */
function findings(data: PageData, has: (detail: PageData["details"][number]) => boolean): Finding[] {
  const found = data.cells.flatMap((cell) => {
    const list: Finding[] = [];
    for (let index = cell.from; index < cell.to; index++) {
      const detail = data.details[data.attempts.detail[index] ?? -1];
      if (detail !== undefined && has(detail)) list.push({ cell, index });
    }
    return list;
  });
  const started = ({ index }: Finding) => data.runs[data.attempts.run[index] ?? 0]?.startedAt ?? "";
  return found.toSorted((a, b) => started(b).localeCompare(started(a)));
}

function nameOf(data: PageData, { cell, index }: Finding): string {
  const run = data.runs[data.attempts.run[index] ?? 0];
  return `${data.tests[cell.test]} on ${data.targets[cell.target]?.name}, ${date(run?.startedAt ?? "")}, attempt ${run?.id}.${data.attempts.number[index]}`;
}

/** Every divergence, undefined if there is none; what each shows is made when it is opened. */
export function divergences(data: PageData): HTMLElement | undefined {
  const all = findings(data, ({ divergence }) => divergence !== undefined);
  if (all.length === 0) return undefined;
  const list = el("div");
  const show = (finding: Finding, open: boolean): HTMLElement => {
    const { attempts, details, reasons } = data;
    const place = details[attempts.detail[finding.index] ?? -1]?.divergence;
    const reason = reasons[attempts.reason[finding.index] ?? 0] ?? "";
    const made = el(
      "details",
      {},
      el("summary", {}, nameOf(data, finding)),
      el("p", { class: "reason" }, reason),
    );
    made.addEventListener(
      "toggle",
      () => {
        if (place !== undefined) made.append(divergenceView(place));
      },
      { once: true },
    );
    made.open = open;
    return made;
  };
  const pager = new Pager({
    what: "divergences",
    size: 10,
    show: (from, to) =>
      list.replaceChildren(...all.slice(from, to).map((one, index) => show(one, index + from === 0))),
  });
  pager.reset(all.length);
  return el("div", {}, list, pager.element);
}

/** Every line of the kernel's log, undefined if there is none, with what ran when it came. */
export function kernelLog(data: PageData): HTMLElement | undefined {
  const all = findings(data, ({ kernelLog }) => (kernelLog?.length ?? 0) > 0).flatMap((finding) => {
    const lines = data.details[data.attempts.detail[finding.index] ?? -1]?.kernelLog ?? [];
    return lines.map((line) => ({ line, name: nameOf(data, finding) }));
  });
  if (all.length === 0) return undefined;
  const body = el("tbody");
  const pager = new Pager({
    what: "lines",
    size: 20,
    show: (from, to) =>
      body.replaceChildren(
        ...all
          .slice(from, to)
          .map(({ line, name }) => el("tr", {}, el("td", { class: "log" }, line), el("td", {}, name))),
      ),
  });
  pager.reset(all.length);
  const heads = ["Line", "While"].map((head) => el("th", { scope: "col" }, head));
  const table = el(
    "table",
    {},
    el("caption", { class: "hidden-text" }, "Lines of the kernel's log about counters"),
    el("thead", {}, el("tr", {}, ...heads)),
    body,
  );
  const scroll = el(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Lines of the log" },
    table,
  );
  return el("div", {}, scroll, pager.element);
}

/** The parts of a failure: the command that replays it, the diff, the crash with its source, what was printed. */
import type { PageCrash, PageDetail, PageDifference } from "../page-data.ts";
import { announce, button, el } from "./dom.ts";
import { whole } from "./format.ts";

/** All that is known of a failed attempt besides its reason. */
export function failureParts(detail: PageDetail): HTMLElement[] {
  const { command, crash, differences = [], output, notes = [], threadLines = [] } = detail;
  return [
    ...(command === undefined ? [] : [commandView(command)]),
    ...notes.map((note) => el("p", { class: "quiet" }, note)),
    ...differences.map(diffView),
    ...(crash === undefined ? [] : [crashView(crash)]),
    ...(threadLines.length > 0 ? [block("Where each thread was", threadLines.join("\n"))] : []),
    ...(output === undefined ? [] : [block("What it printed", output)]),
  ];
}

/** A command with a button that copies it. */
function commandView(command: string): HTMLElement {
  const code = el("code", {}, command);
  const copy = button("Copy", () => {
    void navigator.clipboard.writeText(command).then(
      () => announce("copied"),
      // Where pages may not write to the clipboard, it is selected, so that a key copies it.
      () => getSelection()?.selectAllChildren(code),
    );
  });
  copy.setAttribute("aria-label", "Copy the command");
  return el("p", { class: "command" }, code, copy);
}

function block(title: string, text: string): HTMLElement {
  return el("div", {}, el("h4", {}, title), el("pre", { tabindex: 0 }, text));
}

const PHASES: Readonly<Record<string, string>> = {
  native: "natively",
  record: "recorded",
  replay: "replayed",
};

function diffView({ stream, phase, against, hunks, more }: PageDifference): HTMLElement {
  const lines = hunks.flatMap(({ expectedStart, foundStart, lines }) => [
    el("span", { class: "hunk" }, `@@ -${expectedStart} +${foundStart} @@\n`),
    ...lines.map((line) => {
      const kind = line.startsWith("-") ? "expected" : line.startsWith("+") ? "found" : "same";
      return el("span", { class: kind }, `${line}\n`);
    }),
  ]);
  return el(
    "div",
    {},
    el("h4", {}, `${stream}, ${PHASES[phase] ?? phase}, beside ${against}`),
    el(
      "p",
      { class: "quiet diff-key" },
      el("span", { class: "expected" }, "- expected"),
      " ",
      el("span", { class: "found" }, "+ found"),
    ),
    el("pre", { class: "diff", tabindex: 0 }, ...lines),
    ...(more > 0 ? [el("p", { class: "quiet" }, `and ${whole(more)} more lines that differ`)] : []),
  );
}

function crashView({
  signal,
  process,
  address,
  source,
  frames,
  moreFrames,
  lastEvents,
  native,
}: PageCrash): HTMLElement {
  const rows = frames.map(({ pc, place }, index) => {
    const where =
      place === undefined
        ? ""
        : place.file !== undefined
          ? `${place.file.split("/").at(-1)}:${place.line}`
          : place.module;
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, `#${index}`),
      el("td", {}, place?.symbol ?? "?"),
      el("td", {}, where),
      el("td", { class: "quiet" }, pc),
    );
  });
  return el(
    "div",
    {},
    el("h4", {}, `${signal} in process ${process}${address === undefined ? "" : `, at address ${address}`}`),
    ...(native ? [el("p", { class: "quiet" }, "natively, watched in one more run")] : []),
    ...(source === undefined
      ? []
      : [
          el("p", { class: "quiet" }, `${source.file}:${source.line}`),
          el(
            "pre",
            { class: "source", tabindex: 0 },
            ...source.lines.map(({ number, text }) =>
              el(
                "span",
                { class: number === source.line ? "here" : "" },
                `${number === source.line ? "→" : " "} ${String(number).padStart(4)} | ${text}\n`,
              ),
            ),
          ),
        ]),
    el(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "Stack" },
      el("table", { class: "stack" }, el("caption", {}, "Stack"), el("tbody", {}, ...rows)),
    ),
    ...(moreFrames > 0 ? [el("p", { class: "quiet" }, `and ${whole(moreFrames)} more frames`)] : []),
    ...(lastEvents.length > 0 ? [block("The last events", lastEvents.join("\n"))] : []),
  );
}

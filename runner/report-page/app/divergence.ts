/** A replay that left its recording: registers side by side, and the code around the pc. */
import type { PageDivergence } from "../page-data.ts";
import { el } from "./dom.ts";
import { whole } from "./format.ts";

/** Shows it. */
export function divergenceView({ difference, code }: PageDivergence): HTMLElement {
  const { expected, found, name, task } = difference;
  const names = Object.keys(expected.registers);
  const row = (label: string, a: string, b: string) =>
    el(
      "tr",
      a === b ? {} : { class: "differs" },
      el("th", { scope: "row" }, label),
      el("td", {}, a),
      el("td", {}, a === b ? b : el("strong", {}, b)),
      el("td", {}, a === b ? "" : "differs"),
    );
  const head = ["", "Recorded", "Replayed", ""].map((text, index) =>
    index === 1 || index === 2 ? el("th", { scope: "col" }, text) : el("td", {}, text),
  );
  const registers = el(
    "table",
    { class: "registers" },
    el("caption", {}, `At ${name}, task ${task}`),
    el("thead", {}, el("tr", {}, ...head)),
    el(
      "tbody",
      {},
      row("ticks", whole(expected.ticks), whole(found.ticks)),
      ...names.map((register) =>
        row(register, expected.registers[register] ?? "", found.registers[register] ?? ""),
      ),
    ),
  );
  return el("div", { class: "divergence" }, el("div", { class: "scroll" }, registers), codeView(code));
}

function codeView(code: PageDivergence["code"]): HTMLElement {
  if (code === undefined)
    return el("p", { class: "quiet" }, "No file is mapped at the pc: there is no code to show.");
  const lines = code.lines.map(({ address, bytes, text }) =>
    el(
      "tr",
      address === code.pc ? { class: "here", "aria-current": "true" } : {},
      el("td", { class: "arrow" }, address === code.pc ? "▶" : ""),
      el("th", { scope: "row" }, address),
      el("td", { class: "quiet" }, bytes.replace(/..(?=.)/g, "$& ")),
      el("td", {}, text),
    ),
  );
  return el(
    "div",
    { class: "scroll" },
    el(
      "table",
      { class: "code" },
      el("caption", {}, `Around pc ${code.pc}: ${code.path} + ${code.offset}`),
      el("tbody", {}, ...lines),
    ),
  );
}

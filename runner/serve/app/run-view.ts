/** One run: how far it is, and its attempts; those that end while it is shown come by themselves. */
import { button, el } from "../../report-page/app/dom.ts";
import { date, whole } from "../../report-page/app/format.ts";
import type { LiveAttempt, LiveRun, RunPart } from "../page-types.ts";
import { ask } from "./connection.ts";
import { badge, countsWords, nothing, RunBar, stateBadge, testLink, troubleView } from "./parts.ts";
import type { View } from "./view.ts";

/** A run's view. */
export class RunView implements View {
  readonly title: string;
  readonly element = el("div");
  readonly #id: number;
  readonly #head = el("div");
  readonly #body = el("tbody");
  readonly #more = el("p");
  readonly #bad = el("input", { type: "checkbox", id: "only-bad" });
  readonly #word = el("input", {
    type: "search",
    id: "run-filter",
    placeholder: "test",
    maxlength: 200,
    autocomplete: "off",
  });
  #last = 0;
  #hasMore = false;
  /** Answers to older questions are not shown. */
  #question = 0;

  constructor(id: number) {
    this.#id = id;
    this.title = `Run ${id}`;
    const again = () => void this.#load(0);
    this.#bad.addEventListener("change", again);
    this.#word.addEventListener("input", again);
    const heads = ["Attempt", "Test", "Verdict", "Ticks", "Reason"];
    this.element.append(
      el(
        "section",
        { "aria-labelledby": "run-title" },
        el("h2", { id: "run-title" }, `Run ${id}`),
        this.#head,
        el(
          "p",
          { class: "tools" },
          el("label", {}, "Filter ", this.#word),
          el("label", {}, this.#bad, " only what failed"),
        ),
        el(
          "div",
          { class: "scroll", tabindex: 0, role: "region", "aria-label": "Attempts" },
          el(
            "table",
            { class: "attempts" },
            el("caption", { class: "hidden-text" }, "Attempts of this run"),
            el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
            this.#body,
          ),
        ),
        this.#more,
      ),
    );
    void this.#load(0);
  }

  board({ open, newest }: { open: readonly LiveRun[]; newest: readonly LiveRun[] }): void {
    const run = [...open, ...newest].find(({ id }) => id === this.#id);
    if (run !== undefined) this.#show(run);
  }

  attempts(attempts: readonly LiveAttempt[]): void {
    // Behind a page that is full, they come when it is turned.
    if (this.#hasMore || !attempts.some(({ run, seq }) => run === this.#id && seq > this.#last)) return;
    void this.#load(this.#last);
  }

  async #load(after: number): Promise<void> {
    const question = ++this.#question;
    try {
      const part = await ask<RunPart>("/api/run", {
        run: this.#id,
        after,
        q: this.#word.value,
        ...(this.#bad.checked && { bad: 1 }),
      });
      if (question === this.#question) this.#add(part, after);
    } catch (error) {
      if (question === this.#question)
        this.#more.replaceChildren(troubleView(error, () => void this.#load(after)));
    }
  }

  #add({ run, attempts, more }: RunPart, after: number): void {
    this.#show(run);
    if (after === 0) this.#body.replaceChildren();
    this.#body.append(...attempts.map(row));
    this.#last = attempts.at(-1)?.seq ?? after;
    this.#hasMore = more;
    this.#more.replaceChildren(
      ...(more
        ? [button("More", () => void this.#load(this.#last))]
        : this.#body.children.length === 0
          ? [nothing("No attempts.")]
          : []),
    );
  }

  #show(run: LiveRun): void {
    this.#head.replaceChildren(
      el(
        "p",
        {},
        stateBadge(run.state),
        ` on ${run.host}, ${run.kernel}, ${run.cpu}, since ${date(run.startedAt)} UTC, tickproof ${run.version}`,
      ),
      new RunBar(run).element,
      el("p", { class: "quiet" }, countsWords(run)),
    );
  }
}

function row({
  seq,
  test,
  describedHost,
  engine,
  verdict,
  ticks,
  reason,
  trace,
}: RunPart["attempts"][number]): HTMLElement {
  const where = [describedHost, engine].filter(Boolean).join(", ");
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, String(seq)),
    el("td", {}, testLink(test), el("small", {}, where)),
    el("td", {}, badge(verdict)),
    el("td", { class: "number" }, whole(ticks)),
    el("td", { class: "wide" }, reason, ...(trace === undefined ? [] : [el("small", {}, `trace: ${trace}`)])),
  );
}

/** Runs in progress, a card for each, with the attempts that have just ended. */
import { el } from "../../report-page/app/dom.ts";
import { date } from "../../report-page/app/format.ts";
import type { LiveAttempt, LiveRun } from "../page-types.ts";
import { badge, countsWords, nothing, RunBar, testLink } from "./parts.ts";

/** Attempts that a card shows. */
const SHOWN = 5;

/** All cards. */
export class RunCards {
  readonly element = el("div", { class: "cards" });
  readonly #cards = new Map<number, Card>();

  show(runs: readonly LiveRun[]): void {
    const known = new Set(runs.map(({ id }) => id));
    for (const id of this.#cards.keys()) if (!known.has(id)) this.#cards.delete(id);
    const cards = runs.map((run) => {
      const card = this.#cards.get(run.id) ?? new Card(run);
      card.show(run);
      this.#cards.set(run.id, card);
      return card.element;
    });
    const now = cards.length > 0 ? cards : [nothing("None. A run shows here as soon as it begins.")];
    // Cards that are there stay: a focus in them, and their motion, too.
    if (
      now.length !== this.element.children.length ||
      now.some((one, at) => one !== this.element.children[at])
    )
      this.element.replaceChildren(...now);
  }

  add(attempts: readonly LiveAttempt[]): void {
    for (const [run, some] of Map.groupBy(attempts, (attempt) => attempt.run))
      this.#cards.get(run)?.add(some);
  }
}

class Card {
  readonly element: HTMLElement;
  readonly #bar: RunBar;
  readonly #share = el("span", { class: "share" });
  readonly #words = el("p", { class: "quiet" });
  readonly #ticker = el("ul", { class: "ticker" });

  constructor(run: LiveRun) {
    this.#bar = new RunBar(run);
    this.element = el(
      "article",
      { class: "run-card", "aria-label": `Run ${run.id} on ${run.host}` },
      el(
        "div",
        { class: "run-head" },
        el("span", { class: "pulse", "aria-hidden": "true" }),
        el("a", { href: `/runs/${run.id}` }, run.host),
        el("small", {}, `${run.kernel}, since ${date(run.startedAt)}`),
      ),
      this.#bar.element,
      el("div", { class: "run-words" }, this.#words, this.#share),
      this.#ticker,
    );
  }

  show(run: LiveRun): void {
    this.#bar.show(run);
    this.#share.textContent =
      run.planned > 0 ? `${Math.min(100, Math.floor((100 * run.attempts) / run.planned))} %` : "";
    this.#words.textContent = countsWords(run);
  }

  add(attempts: readonly LiveAttempt[]): void {
    const items = attempts
      .slice(-SHOWN)
      .toReversed()
      .map(({ test, verdict }) => el("li", {}, badge(verdict), testLink(test)));
    this.#ticker.prepend(...items);
    while (this.#ticker.children.length > SHOWN) this.#ticker.lastChild?.remove();
  }
}

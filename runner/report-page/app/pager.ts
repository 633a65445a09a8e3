/** A long list, a page at a time: however many results there are, only so many elements are made. */
import { announce, button, el } from "./dom.ts";
import { whole } from "./format.ts";

/** What is shown in pages. */
export interface Paged {
  /** What the entries are, for people: "tests". */
  what: string;
  size: number;
  /** Shows entries from one to before another. */
  show(from: number, to: number): void;
}

/** Buttons that turn pages, and the number of entries. */
export class Pager {
  readonly element = el("div", { class: "pager" });
  readonly #paged: Paged;
  readonly #status = el("span");
  readonly #back: HTMLButtonElement;
  readonly #on: HTMLButtonElement;
  #count = 0;
  #page = 0;

  constructor(paged: Paged) {
    this.#paged = paged;
    this.#back = button("‹ Back", () => this.turn(-1), { "aria-label": `Back: ${paged.what}` });
    this.#on = button("Next ›", () => this.turn(1), { "aria-label": `Next: ${paged.what}` });
    this.element.append(this.#back, this.#status, this.#on);
  }

  /** There is another list now: shows its first page. */
  reset(count: number): void {
    this.#count = count;
    this.#page = 0;
    this.#show();
  }

  /**
   * The list has changed: shows the page that it is at, or the last one.
   *
   * @param again Whether its entries are to be shown again. @default true
   */
  update(count: number, again = true): void {
    this.#count = count;
    const page = Math.min(this.#page, this.#last);
    const isOther = page !== this.#page;
    this.#page = page;
    if (again || isOther) this.#show();
    else this.#paint();
  }

  /** Shows the page that has an entry. */
  goTo(index: number): void {
    const page = Math.floor(index / this.#paged.size);
    if (page === this.#page) return;
    this.#page = page;
    this.#show();
  }

  /** Goes so many pages on. @returns Whether there was such a page. */
  turn(by: number): boolean {
    const page = this.#page + by;
    if (page < 0 || page > this.#last) return false;
    this.#page = page;
    this.#show();
    announce(`${this.#paged.what}: ${this.#status.textContent}`);
    return true;
  }

  get #last(): number {
    return Math.max(0, Math.ceil(this.#count / this.#paged.size) - 1);
  }

  #show(): void {
    const [from, to] = this.#paint();
    this.#paged.show(from, to);
  }

  /** Says which page it is. @returns Its entries: from one to before another. */
  #paint(): [from: number, to: number] {
    const from = this.#page * this.#paged.size;
    const to = Math.min(this.#count, from + this.#paged.size);
    this.#status.textContent =
      this.#count === 0
        ? `no ${this.#paged.what}`
        : `${whole(from + 1)} to ${whole(to)} of ${whole(this.#count)} ${this.#paged.what}`;
    this.#back.disabled = this.#page === 0;
    this.#on.disabled = this.#page === this.#last;
    this.element.classList.toggle("single", this.#last === 0);
    return [from, to];
  }
}

/** Sets of pages that grow together: a union-find over page numbers. */
export class PageGroups {
  private readonly parents = new Map<number, number>();

  private root(page: number): number {
    let at = page;
    for (let up = this.parents.get(at); up !== undefined && up !== at; up = this.parents.get(at)) at = up;
    return at;
  }

  /** Puts two pages (or one, given twice) into the same set. */
  join(a: number, b: number): void {
    const [from, to] = [this.root(a), this.root(b)];
    this.parents.set(to, to);
    this.parents.set(from, to);
    // Short ways for later questions.
    this.parents.set(a, to);
  }

  /** Numbers the sets; returns the number of each page's set. */
  numbered(): Map<number, number> {
    const numbers = new Map<number, number>();
    const groups = new Map<number, number>();
    for (const page of this.parents.keys()) {
      const root = this.root(page);
      const known = numbers.get(root) ?? numbers.size;
      numbers.set(root, known);
      groups.set(page, known);
    }
    return groups;
  }
}

/** A YAML text that knows where each of its nodes stands, for errors that point at the place. */
import {
  type Alias,
  type Document,
  isCollection,
  isMap,
  isNode,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from "yaml";
import type { Path } from "./known-keys.ts";

/** Something wrong at a place of the text. */
export interface Problem {
  message: string;
  /** Offsets in the text: where it starts, and where it ends. */
  start: number;
  end: number;
}

/** Letters of a line that are shown, and of those before the place. */
const MOST_SHOWN = 160;
const MOST_BEFORE = 100;

/** A text with its parsed document. */
export class YamlSource {
  readonly #file: string;
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed;

  /**
   * @param file The name of the file, for errors.
   * @param text Its contents.
   */
  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
  }

  /** What is wrong with the text as YAML. */
  get syntaxProblems(): Problem[] {
    const { errors } = this.#document;
    if (errors.length > 0) return errors.map(({ message, pos: [start, end] }) => ({ message, start, end }));
    return this.#aliasProblems();
  }

  /** Aliases of nothing, and those that would blow the document up, are found only when the values are made. */
  #aliasProblems(): Problem[] {
    try {
      this.#document.toJS();
      return [];
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error;
      let culprit: Alias | undefined;
      visit(this.#document, {
        Alias: (_key, alias) => {
          culprit ??= alias;
          if (alias.resolve(this.#document) !== undefined) return undefined;
          culprit = alias;
          return visit.BREAK;
        },
      });
      const [start, end] = culprit?.range ?? [0, 0];
      return [{ message: error.message, start, end }];
    }
  }

  /** The document as plain values. */
  get value(): unknown {
    return this.#document.toJS();
  }

  /** Line of the value at a place, from 1; that of the nearest enclosing one if nothing is there. */
  lineOf(path: Path): number {
    return this.#lines.linePos(this.#nearest(path).node?.range?.[0] ?? 0).line;
  }

  /** The value at a place as it was written: "010"; undefined if nothing is there. */
  textAt(path: Path): string | undefined {
    const { node, isRoot } = this.#nearest(path);
    if (isRoot || !node?.range) return undefined;
    return this.#text.slice(node.range[0], node.range[1]);
  }

  /** A problem with the value at a place; the nearest enclosing one if nothing is there. */
  problem(path: Path, message: string): Problem {
    const { node, isRoot } = this.#nearest(path);
    const [start, end] = node?.range ?? [0, 0];
    return { message, start, end: isRoot ? start : end };
  }

  /** The node at a place, or the nearest that encloses it. A list of one entry may stand without brackets. */
  #nearest(path: Path): { node: Node | null; isRoot: boolean } {
    let node: Node | null = this.#document.contents;
    let isRoot = true;
    for (const step of path) {
      if (typeof step === "number" && !isSeq(node)) continue;
      const next = isCollection(node) ? node.get(step, true) : undefined;
      if (!isNode(next) || !next.range) break;
      [node, isRoot] = [next, false];
    }
    return { node, isRoot };
  }

  /** A problem with a key of the object at a place. */
  keyProblem(path: Path, key: string, message: string): Problem {
    const owner = this.#nearest(path).node;
    if (isMap(owner)) {
      for (const { key: node } of owner.items) {
        if (isNode(node) && node.range && String(node) === key) {
          return { message, start: node.range[0], end: node.range[1] };
        }
      }
    }
    return this.problem(path, message);
  }

  /** The problem as text: file:line:column, the line itself, and a caret under the place. */
  show({ message, start, end }: Problem): string {
    const { line, col } = this.#lines.linePos(Math.min(start, this.#text.length));
    const from = this.#lines.lineStarts[line - 1] ?? 0;
    const whole = withoutPasswords(this.#text.slice(from, from + col + MOST_SHOWN).split("\n", 1)[0] ?? "");
    // Of a very long line, what is around the place.
    const cut = Math.max(0, col - 1 - MOST_BEFORE);
    const source = `${cut > 0 ? "…" : ""}${whole.slice(cut, cut + MOST_SHOWN)}`;
    const place = col - 1 - cut + (cut > 0 ? 1 : 0);
    const number = String(line).padStart(5);
    const width = Math.max(1, Math.min(end - start, source.length - place));
    const caret = `${source.slice(0, place).replace(/[^\t]/g, " ")}${"^".repeat(width)}`;
    return `${this.#file}:${line}:${col}: ${message}\n${number} | ${source}\n      | ${caret}`;
  }
}

/** A line with a star for each letter of a password in a URL: what people are shown ends up in logs. */
function withoutPasswords(line: string): string {
  return line.replace(
    /(:\/\/[^\s/:@]*:)(\S+)@/g,
    (_, before: string, password: string) => `${before}${"*".repeat(password.length)}@`,
  );
}

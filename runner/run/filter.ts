/**
 * `--filter`: which tests are meant. Patterns over names and tags, with `and`, `or`, `not` and parentheses:
 * `alarm`, `core/*`, `/^core.(alarm|hle)$/`, `tag:quick and not (tag:slow or programs/*)`.
 */
import { UsageError } from "../errors.ts";

/** What a filter looks at. */
export interface Filterable {
  /** "suite/name". */
  id: string;
  name: string;
  tags: readonly string[];
}

/** Whether a test is meant. */
export type Filter = (test: Filterable) => boolean;

interface Token {
  text: string;
  /** Offset in the filter. */
  at: number;
}

/** A regex up to its closing slash, a parenthesis, or a word. */
const TOKEN = /\/(?:\\.|[^/\\])+\/(?=\s|\)|$)|[()]|[^\s()]+/g;

function tokenize(text: string): Token[] {
  return [...text.matchAll(TOKEN)].map((match) => ({ text: match[0], at: match.index }));
}

/**
 * Reads a filter.
 *
 * @throws {UsageError} With a caret under what is wrong.
 */
export function parseFilter(text: string): Filter {
  return new FilterParser(text).parse();
}

/** Recursive descent: `or` binds least, `not` most. */
class FilterParser {
  readonly #text: string;
  readonly #tokens: Token[];
  #next = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  parse(): Filter {
    const filter = this.#or();
    const left = this.#tokens[this.#next];
    if (left) this.#fail(left.at, `'${left.text}' has no place here: write 'and' or 'or' between patterns`);
    return filter;
  }

  #fail(at: number, message: string): never {
    throw new UsageError(`--filter: ${message}\n  ${this.#text}\n  ${" ".repeat(at)}^`);
  }

  #take(text: string): boolean {
    if (this.#tokens[this.#next]?.text !== text) return false;
    this.#next++;
    return true;
  }

  #or(): Filter {
    const first = this.#and();
    if (!this.#take("or")) return first;
    const second = this.#or();
    return (test) => first(test) || second(test);
  }

  #and(): Filter {
    const first = this.#not();
    if (!this.#take("and")) return first;
    const second = this.#and();
    return (test) => first(test) && second(test);
  }

  #not(): Filter {
    if (this.#take("not")) {
      const inner = this.#not();
      return (test) => !inner(test);
    }
    if (this.#take("(")) {
      const inner = this.#or();
      if (!this.#take(")")) this.#fail(this.#text.length, "a ')' is missing");
      return inner;
    }
    return this.#pattern();
  }

  #pattern(): Filter {
    const token = this.#tokens[this.#next];
    if (!token || ["and", "or", ")"].includes(token.text)) {
      this.#fail(
        token?.at ?? this.#text.length,
        "a pattern is missing: a part of a name, a glob, /regex/ or tag:NAME",
      );
    }
    this.#next++;
    const { text, at } = token;
    if (text.startsWith("tag:")) {
      const glob = new Bun.Glob(text.slice("tag:".length));
      return ({ tags }) => tags.some((tag) => glob.match(tag));
    }
    if (/^\/.*\/$/.test(text) && text.length > 2) return this.#regex(text.slice(1, -1), at);
    if (!/[*?[{]/.test(text)) return ({ id }) => id.includes(text);
    const glob = new Bun.Glob(text);
    // Names of a matrix's tests have brackets of their own.
    return ({ id, name }) => id === text || name === text || glob.match(id) || glob.match(name);
  }

  #regex(source: string, at: number): Filter {
    let regex: RegExp;
    try {
      regex = new RegExp(source, "u");
    } catch (error) {
      this.#fail(at, `no regular expression: ${error instanceof Error ? error.message : String(error)}`);
    }
    return ({ id }) => regex.test(id);
  }
}

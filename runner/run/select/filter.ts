/**
 * `--filter`: which tests are meant. Patterns over names and tags, with `and`, `or`, `not` and parentheses:
 * `alarm`, `core/*`, `/^core.(alarm|hle)$/`, `tag:quick and not (tag:slow or programs/*)`. Names may have spaces: words
 * that follow each other are one pattern, and one in quotes may have all of that in it.
 */
import { UsageError } from "../../errors/mod.ts";

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
  /** Offset in the filter, and where it ends. */
  at: number;
  end: number;
  /** It was in quotes: a pattern, whatever it says. */
  quoted: boolean;
}

/** A regex up to its closing slash, what is in quotes, a parenthesis, or a word. */
const TOKEN = /\/(?:\\.|[^/\\])+\/(?=\s|\)|$)|"([^"]*)"(?=\s|\)|$)|[()]|[^\s()]+/g;

function tokenize(text: string): Token[] {
  return [...text.matchAll(TOKEN)].map((match) => {
    const [whole, inside] = match;
    return {
      text: inside ?? whole,
      at: match.index,
      end: match.index + whole.length,
      quoted: inside !== undefined,
    };
  });
}

/**
 * Reads a filter.
 *
 * @throws {UsageError} With a caret under what is wrong.
 */
export function parseFilter(text: string): Filter {
  return new FilterParser(text).parse();
}

const isRegex = (text: string): boolean => /^\/.*\/$/.test(text) && text.length > 2;

/** Whether a token may be a part of a name with spaces. */
function isWord({ text, quoted }: Token): boolean {
  return (
    !quoted && !["and", "or", "not", "(", ")"].includes(text) && !text.startsWith("tag:") && !isRegex(text)
  );
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
    if (left)
      this.#fail(
        left.at,
        `'${left.text}' has no place here: write 'and' or 'or' between patterns, or put a name in quotes`,
      );
    return filter;
  }

  #fail(at: number, message: string): never {
    throw new UsageError(`--filter: ${message}\n  ${this.#text}\n  ${" ".repeat(at)}^`);
  }

  #take(text: string): boolean {
    const token = this.#tokens[this.#next];
    if (token?.text !== text || token.quoted) return false;
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
    if (!token || (!token.quoted && ["and", "or", ")"].includes(token.text))) {
      this.#fail(
        token?.at ?? this.#text.length,
        "a pattern is missing: a part of a name, a glob, /regex/ or tag:NAME",
      );
    }
    this.#next++;
    const { at, quoted } = token;
    if (!quoted && isRegex(token.text)) return this.#regex(token.text.slice(1, -1), at);
    const text = quoted ? token.text : this.#text.slice(at, this.#endOfName(token));
    if (text.startsWith("tag:")) {
      const glob = new Bun.Glob(text.slice("tag:".length));
      return ({ tags }) => tags.some((tag) => glob.match(tag));
    }
    if (!/[*?[{]/.test(text)) return ({ id }) => id.includes(text);
    const glob = new Bun.Glob(text);
    // Names of a matrix's tests have brackets of their own.
    return ({ id, name }) => id === text || name === text || glob.match(id) || glob.match(name);
  }

  /** Where a name of several words ends that begins with this one. A tag has no spaces. */
  #endOfName(first: Token): number {
    let { end } = first;
    for (;;) {
      const next = this.#tokens[this.#next];
      if (next === undefined || !isWord(first) || !isWord(next)) return end;
      this.#next++;
      ({ end } = next);
    }
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

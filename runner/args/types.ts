/** What a command of the command line is made of: data, from which parsing and help follow. */

/** An option that is there or not: `--quiet`. */
export interface FlagOption {
  kind: "flag";
  short?: string;
  help: string;
}

/** An option with a text: `-o DIR`. */
export interface TextOption {
  kind: "text";
  short?: string;
  /** What the text is, for help and errors: "DIR". */
  value: string;
  help: string;
  /** The only texts that are allowed, if not any. */
  choices?: readonly string[];
  /** What `--chaos` means without `=7`; an option that has this never takes the next word. */
  bare?: string;
}

/** An option with a whole number of at least 1: `--repeat 50`. */
export interface CountOption {
  kind: "count";
  short?: string;
  value: string;
  help: string;
  /** What `--fail-fast` means without `=3`; an option that has this never takes the next word. */
  bare?: number;
}

export type Option = FlagOption | TextOption | CountOption;
/** Options by their long name, without the dashes. */
export type Options = Readonly<Record<string, Option>>;

/** The values that parsing gives for a table of options. */
export type Values<O extends Options> = {
  readonly [Name in keyof O]: O[Name] extends FlagOption
    ? boolean
    : O[Name] extends CountOption
      ? number | undefined
      : string | undefined;
};

/** What follows the options. */
export interface Positionals {
  /** As help shows it: "[--] CMD ARGS…". */
  usage: string;
  min: number;
  max: number;
  /**
   * The first positional ends the parsing of options: what follows belongs to another program.
   * @default false
   */
  verbatim?: boolean;
}

/** What a command is called with. */
export interface Parsed<O extends Options> {
  options: Values<O>;
  positionals: string[];
}

/** A command as it is written down. */
export interface CommandSpec<O extends Options> {
  name: string;
  /** How it is started, for help and errors. @default "tickproof NAME" */
  start?: string;
  summary: string;
  /** More lines for `tickproof NAME --help`. */
  details?: string;
  options: O;
  positionals: Positionals;
  /** @returns The exit code. */
  run: (parsed: Parsed<O>) => number | Promise<number>;
}

/** A command whose types are closed over, so that commands of all kinds stand in one list. */
export interface Command {
  readonly name: string;
  /** How it is started: "tickproof record". */
  readonly start: string;
  readonly summary: string;
  readonly details: string | undefined;
  readonly options: Options;
  readonly positionals: Positionals;
  /** Parses the arguments after the command's name, and runs it. */
  readonly execute: (argv: readonly string[]) => number | Promise<number>;
}

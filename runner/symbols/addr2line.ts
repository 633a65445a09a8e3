/** Lines of sources for addresses, from debug information: by addr2line of binutils, or LLVM's where there is only that. */

/** What debug information says of an address. */
export interface SourcePlace {
  function: string | undefined;
  /** Path as the compiler was given it, and the line, from 1. */
  file: string;
  line: number;
}

/** Programs that take the same options and print the same lines for each address. */
const PROGRAMS = ["addr2line", "llvm-addr2line"] as const;
/** A file that takes longer to be read has no line to be shown. */
const TIME_MS = 10_000;
/** The line that an answer begins with. */
const ADDRESS = /^0x[0-9a-f]+\n/m;
const MOST_OUTPUT_BYTES = 1 << 20;

/**
 * Asks for addresses of one file.
 *
 * @param path The ELF file.
 * @param addresses As the file counts them.
 * @returns For each the functions that are inlined there, the innermost first, and the one that all of them are in; none where
 *   nothing is known, or there is no program that reads debug information.
 */
export function sourcePlaces(path: string, addresses: readonly number[]): SourcePlace[][] {
  const program = PROGRAMS.map((name) => Bun.which(name)).find((found) => found !== null);
  if (program === undefined || program === null || addresses.length === 0) return addresses.map(() => []);
  const { stdout, exitCode } = Bun.spawnSync(
    [program, "-f", "-i", "-a", "-e", path, ...addresses.map((address) => `0x${address.toString(16)}`)],
    {
      stdin: "ignore",
      stderr: "ignore",
      timeout: TIME_MS,
      killSignal: "SIGKILL",
      maxBuffer: MOST_OUTPUT_BYTES,
    },
  );
  if (exitCode !== 0) return addresses.map(() => []);
  const [, ...answers] = stdout.toString().split(ADDRESS);
  return addresses.map((_, i) => parseAll(answers[i]?.split("\n") ?? []));
}

/** Two lines for each function. */
function parseAll(lines: readonly string[]): SourcePlace[] {
  return Array.from({ length: Math.floor(lines.length / 2) }, (_, i) =>
    parse(lines[2 * i]!, lines[2 * i + 1]!),
  ).filter((place) => place !== undefined);
}

/** Two lines of the program: "main", "/src/wait.c:31 (discriminator 2)"; "??" and "??:0" where it knows nothing. */
function parse(name: string, place: string): SourcePlace | undefined {
  const [, file, line] = /^(.*):(\d+)(?: \(discriminator \d+\))?$/.exec(place) ?? [];
  if (file === undefined || file.startsWith("??") || Number(line) === 0) return undefined;
  return { function: name === "??" || name === "" ? undefined : name, file, line: Number(line) };
}

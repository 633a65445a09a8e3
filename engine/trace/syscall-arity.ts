/**
 * How many arguments each x86-64 system call takes, so that a dump shows no leftovers of registers that the
 * call does not read. Nothing but the dump depends on it.
 */

/** One digit per call from number 0, ten calls a word. */
const FROM_ZERO = [
  "3331222336 3214403443 3215053333 3312022130 4333663323 2334555003 1421334124 5332112232",
  "1122122123 2233312221 1403011002 0002222333 3111122243 2223112223 2322311122 2100321521",
  "2101252214 2213032004 3000000355 5444333222 2163312153 3131005310 4434211222 4144320635",
  "4155234554 5320324434 5343453433 6512364446 4632144244 2132155455 2545321423 6653345332",
  "5351236664 21564",
].join(" ");

/** The same from number 424, where all architectures have the same numbers. */
const FROM_424 = "4264352533 2234345656";

const FIRST = FROM_ZERO.replaceAll(" ", "");
const LATER = FROM_424.replaceAll(" ", "");

/** Arguments of a system call; 6, the most there can be, for one that is not known. */
export function syscallArity(number: number): number {
  const digit = number < 424 ? FIRST[number] : LATER[number - 424];
  return digit === undefined ? 6 : Number(digit);
}

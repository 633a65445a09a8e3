/** Input data for tests and benchmarks: always the same, neither random nor trivially regular. */

/** A small generator of pseudo-random 32-bit numbers (xorshift). */
function* numbers(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

/** Bytes that compress to about half: stretches of words, of noise and of repetition. */
export function mixedBytes(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const source = numbers(0x2545f491);
  const words = Array.from({ length: 512 }, () => `${source.next().value.toString(36)} `);
  const encoder = new TextEncoder();
  let at = 0;
  while (at < size) {
    const choice = source.next().value;
    const room = bytes.subarray(at);
    if (choice % 4 < 2) {
      at += encoder.encodeInto(words[choice % words.length] ?? "", room).written;
    } else if (choice % 4 === 2) {
      for (let index = 0; index < 8; index++) room[index] = source.next().value;
      at += 8;
    } else {
      const run = Math.min((choice >>> 8) % 24, room.length);
      room.fill(choice >>> 24, 0, run);
      at += run;
    }
  }
  return bytes;
}

/** Lines of numbers in no order. */
export function numberLines(count: number): string {
  const source = numbers(0x9e3779b9);
  let text = "";
  for (let line = 0; line < count; line++) text += `${source.next().value} ${line}\n`;
  return text;
}

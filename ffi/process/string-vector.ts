/** argv and envp as execve wants them: arrays of pointers to C strings, all in one mapping. */

import { NativeBuffer } from "../memory/mod.ts";
import { fromBytes, toBytes } from "../text/mod.ts";

/** Several vectors of C strings in native memory. */
export interface StringVectors extends Disposable {
  /** Address of each vector's pointers, NULL at the end; in the order given. */
  readonly addresses: readonly number[];
  readonly buffer: NativeBuffer;
}

/**
 * Lays out vectors of strings, in UTF-8 as far as they are text (`words.ts`).
 *
 * @throws RangeError when a string contains a NUL, at which the program would see it end.
 */
export function stringVectors(vectors: readonly (readonly string[])[]): StringVectors {
  const encoded = vectors.map((vector) => vector.map(toBytes));
  const pointers = encoded.reduce((sum, vector) => sum + vector.length + 1, 0);
  const bytes = encoded.flat().reduce((sum, text) => sum + text.length + 1, 0);
  const buffer = NativeBuffer.map(pointers * 8 + bytes);
  const addresses: number[] = [];
  let pointer = 0;
  let end = pointers * 8;
  for (const vector of encoded) {
    addresses.push(buffer.address + pointer * 8);
    for (const text of vector) {
      if (text.includes(0)) {
        buffer[Symbol.dispose]();
        const shown = JSON.stringify(fromBytes(text));
        throw new RangeError(`Cannot pass a string as it must not contain NUL: current value is ${shown}`);
      }
      buffer.u64[pointer++] = BigInt(buffer.address + end);
      buffer.u8.set(text, end); // the NUL is there: mapped memory is zeroed
      end += text.length + 1;
    }
    pointer++;
  }
  return { addresses, buffer, [Symbol.dispose]: () => buffer[Symbol.dispose]() };
}

/**
 * Strings that go through us as they are, though they may be no UTF-8: arguments, variables, paths. A byte that is part of
 * no character stands in a string as half a surrogate pair (U+DC80 to U+DCFF), which no valid text has, and is that byte
 * again where the string leaves us. Bun itself puts U+FFFD in its place, so that what it was is lost.
 */
import { readFileSync } from "node:fs";

/** What Bun has in place of what it can't decode. */
const REPLACEMENT = "\ufffd";
/** Added to a byte that is part of no character. */
const ESCAPE = 0xdc00;
/** First bytes of characters of two, three and four bytes (RFC 3629, 3). */
const [TWO, THREE, FOUR, END] = [0xc0, 0xe0, 0xf0, 0xf8];

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Bytes as a string, from which {@link toBytes} gets them back, whatever they are. */
export function fromBytes(bytes: Uint8Array): string {
  const whole = decoded(bytes);
  if (whole !== undefined) return whole;
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at]!;
    const length = byte < TWO || byte >= END ? 1 : byte < THREE ? 2 : byte < FOUR ? 3 : 4;
    const character = decoded(bytes.subarray(at, at + length));
    text += character ?? String.fromCharCode(ESCAPE + byte);
    at += character === undefined ? 1 : length;
  }
  return text;
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** A string's bytes: UTF-8, but for what {@link fromBytes} could not decode. */
export function toBytes(text: string): Uint8Array {
  if (text.isWellFormed()) return encoder.encode(text);
  const bytes: number[] = [];
  for (const character of text) {
    const byte = character.charCodeAt(0) - ESCAPE;
    if (character.length === 1 && byte >= 0x80 && byte <= 0xff) bytes.push(byte);
    else bytes.push(...encoder.encode(character));
  }
  return Uint8Array.from(bytes);
}

/**
 * Arguments of this process, as it was given them.
 *
 * @param read As Bun has read them.
 */
export function ownArguments(read: readonly string[]): string[] {
  if (!read.some((word) => word.includes(REPLACEMENT))) return [...read];
  return stringsIn("/proc/self/cmdline").slice(-read.length);
}

/**
 * The environment of this process, as it was given it.
 *
 * @param read As Bun has read it; variables that were changed since are what they are there.
 */
export function ownEnvironment(read: Readonly<Record<string, string>>): Record<string, string> {
  if (!Object.entries(read).some((entry) => entry.some((text) => text.includes(REPLACEMENT))))
    return { ...read };
  const given = new Map<string, [string, string]>();
  for (const entry of stringsIn("/proc/self/environ")) {
    const at = entry.indexOf("=");
    const variable: [string, string] = [entry.slice(0, at), entry.slice(at + 1)];
    given.set(variable.map(asRead).join("="), variable);
  }
  return Object.fromEntries(
    Object.entries(read).map(([name, value]) => given.get(`${name}=${value}`) ?? [name, value]),
  );
}

/** What Bun makes of a string. */
function asRead(text: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(toBytes(text));
}

/** The strings of a file that has one behind the other, each with a NUL at its end. */
function stringsIn(path: string): string[] {
  const bytes = readFileSync(path);
  const strings: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0, at);
    strings.push(fromBytes(bytes.subarray(at, end < 0 ? undefined : end)));
    at = end < 0 ? bytes.length : end + 1;
  }
  return strings;
}

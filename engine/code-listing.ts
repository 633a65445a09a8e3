/** Instructions around a pc of a trace, as text: what a person looks at where a replay has left its recording. */
import { Decoder, DecoderOptions, Formatter, FormatterSyntax } from "iced-x86";
import { type TextBytes, textAt } from "./trace/mod.ts";

/** One instruction. */
export interface CodeLine {
  /** "0x7ffff7ed9e65" */
  address: string;
  /** Its bytes in hexadecimal, two digits each. */
  bytes: string;
  /** Intel syntax. */
  text: string;
}

/** The instructions before a pc, at it and behind it. */
export interface CodeListing {
  pc: string;
  /** The file that is mapped there, and where in it the pc is. */
  path: string;
  offset: string;
  lines: readonly CodeLine[];
}

/** Instructions that are shown before and from the pc on. */
const BEFORE = 8;
const FROM = 9;
/** The longest instruction there is (Intel SDM vol. 2, 2.3.11). */
const LONGEST = 15;

/**
 * Lists the instructions around a pc.
 *
 * @param dir Folder of the trace.
 * @param place Index of the event, the task, and the pc as the events have it ("0x401000").
 * @returns Undefined where no file is mapped at the pc.
 * @throws {TraceError} If the trace is damaged.
 */
export function codeAround(
  dir: string,
  place: { event: number; task: number; pc: string },
): CodeListing | undefined {
  const address = Number(place.pc);
  const around = { before: BEFORE * LONGEST, after: FROM * LONGEST };
  const text = textAt(dir, { ...place, address }, around);
  if (text === undefined) return undefined;
  return {
    pc: place.pc,
    path: text.path,
    offset: hex(text.offset + (address - text.address)),
    lines: listing(text, address),
  };
}

/**
 * Disassembles bytes so that one instruction begins at the pc. Instructions can't be read backwards: of the places
 * before it to begin at, the furthest one is taken from which decoding arrives at the pc.
 */
export function listing({ bytes, address }: Pick<TextBytes, "bytes" | "address">, pc: number): CodeLine[] {
  for (let start = address; start < pc; start++) {
    const before = decode(bytes.subarray(start - address, pc - address), start, Number.POSITIVE_INFINITY);
    if (before !== undefined) return [...before.slice(-BEFORE), ...from(bytes, address, pc)];
  }
  return from(bytes, address, pc);
}

function from(bytes: Uint8Array, address: number, pc: number): CodeLine[] {
  const rest = bytes.subarray(pc - address);
  for (let count = FROM; count > 0; count--) {
    const lines = decode(rest, pc, count);
    if (lines !== undefined) return lines;
  }
  return [];
}

/** Decodes instructions to the end of the bytes, or `most` of them; undefined if one of them is none. */
function decode(bytes: Uint8Array, address: number, most: number): CodeLine[] | undefined {
  const decoder = new Decoder(64, bytes, DecoderOptions.None);
  const formatter = new Formatter(FormatterSyntax.Intel);
  try {
    decoder.ip = BigInt(address);
    formatter.hexPrefix = "0x";
    formatter.hexSuffix = "";
    formatter.uppercaseHex = false;
    formatter.branchLeadingZeros = false;
    const lines: CodeLine[] = [];
    while (decoder.canDecode && lines.length < most) {
      const at = decoder.position;
      const instruction = decoder.decode();
      const text = instruction.isInvalid ? undefined : formatter.format(instruction);
      instruction.free();
      if (text === undefined) return undefined;
      const raw = bytes.subarray(at, decoder.position);
      lines.push({ address: hex(address + at), bytes: Buffer.from(raw).toString("hex"), text });
    }
    return lines;
  } finally {
    formatter.free();
    decoder.free();
  }
}

const hex = (value: number): string => `0x${value.toString(16)}`;

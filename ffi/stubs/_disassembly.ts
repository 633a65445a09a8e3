/** Checks for tests that the two columns of a listing say the same: iced reads the bytes, and writes what they mean. */
import {
  Code,
  Decoder,
  DecoderOptions,
  Formatter,
  FormatterSyntax,
  type Instruction,
  OpKind,
} from "iced-x86";
import { encodeListing, type Listing, parseListing } from "./listing.ts";

/** Names of addresses outside of a listing, relative to its start. */
export type Surroundings = ReadonlyMap<number, string>;

/** The assembly of an instruction in the notation of a listing: labels for places, names for literals. */
function disassemble(
  formatter: Formatter,
  instruction: Instruction,
  listing: Listing,
  around: Surroundings,
): string {
  const labelAt = (target: bigint) => [...listing.labels].find(([, at]) => BigInt(at) === target)?.[0];
  const text = formatter.format(instruction);
  const literal = listing.literals.find(
    ({ offset }) => BigInt(offset) >= instruction.ip && BigInt(offset) < instruction.nextIP,
  );
  if (literal !== undefined) return text.replace(/\b0$/, `{${literal.name}}`);
  if (instruction.op0Kind === OpKind.NearBranch64) {
    return text.replace(/\S+$/, String(labelAt(instruction.nearBranchTarget)));
  }
  if (instruction.isIpRelMemoryOperand) {
    const target = instruction.ipRelMemoryAddress;
    return text.replace(/\[.*\]/, `[${labelAt(target) ?? around.get(Number(BigInt.asIntN(64, target)))}]`);
  }
  return text;
}

/**
 * Calls back with both columns of each line of a listing.
 *
 * @throws SyntaxError for bytes that are no instruction, or one of another length.
 */
export function compareColumns(
  source: string,
  same: (meaning: string, text: string) => void,
  around: Surroundings = new Map(),
): void {
  const listing = parseListing(source);
  const zeros = Object.fromEntries(listing.literals.map(({ name }) => [name, 0]));
  const decoder = new Decoder(64, encodeListing(listing, zeros), DecoderOptions.None);
  const formatter = new Formatter(FormatterSyntax.Nasm);
  formatter.hexPrefix = "0x";
  formatter.hexSuffix = "";
  formatter.uppercaseHex = false;
  formatter.spaceAfterOperandSeparator = true;
  formatter.showBranchSize = false;
  for (const line of listing.lines) {
    const instruction = decoder.decode();
    if (instruction.code === Code.INVALID || instruction.length !== line.bytes.length) {
      throw new SyntaxError(`${line.bytes.length} bytes are no instruction: "${line.text}"`);
    }
    same(disassemble(formatter, instruction, listing, around), line.text.trim());
  }
}

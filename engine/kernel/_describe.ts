/**
 * What the table of system calls says, in words: amounts, conditions, areas, files. Only the documentation asks for it.
 */
import { errnoInfo } from "../../ffi/mod.ts";
import type { Amount } from "./amounts.ts";
import { type Area, filledLength } from "./areas.ts";
import type { Condition } from "./conditions.ts";
import type { ContentChange, FileChange } from "./files.ts";

/** Most values of a list that are named; of more, how many there are. */
const SHOWN_VALUES = 6;

const arg = (at: number) => `arg ${at + 1}`;

function hex(value: number): string {
  return value > 255 ? `0x${value.toString(16)}` : String(value);
}

/** A number of a call, as words: `arg 3`, `144`, `the result`. */
export function describeAmount(amount: Amount): string {
  if (typeof amount === "number") return hex(amount);
  switch (amount.kind) {
    case "result":
      return "the result";
    case "argument":
    case "count":
    case "int":
      return arg(amount.at);
    case "field":
      return `the ${amount.bits} bits at ${arg(amount.at)}${amount.offset > 0 ? ` + ${amount.offset}` : ""}`;
    case "times":
      return amount.size === 1 ? describeAmount(amount.of) : `${amount.size} × ${describeAmount(amount.of)}`;
    case "plus":
      return amount.of.map(describeAmount).join(" + ");
    case "least":
      return `the least of ${amount.of.map(describeAmount).join(" and ")}`;
    case "whole":
      return `${amount.size} for each ${amount.per} of ${describeAmount(amount.of)}`;
    case "encoded":
      return `what ${arg(amount.at)} says in its own bits`;
  }
}

function describeValues(values: ReadonlySet<number>): string {
  const all = [...values];
  return all.length > SHOWN_VALUES
    ? `one of ${all.length} in the table`
    : all.map((value) => hex(value)).join(", ");
}

/** "EINVAL" */
export function errorName(errno: number): string {
  return errnoInfo(errno).code;
}

/** What has to hold of a call, as a clause: `arg 2 has a bit of 0x800`. */
export function describeCondition(condition: Condition): string {
  if (typeof condition === "boolean") return condition ? "always" : "never";
  switch (condition.kind) {
    case "bits":
      return `${describeAmount(condition.of)} has a bit of ${hex(condition.mask)}`;
    case "oneOf": {
      const { of, values, within } = condition;
      const part = within === undefined ? "" : ` (in the bits ${hex(within >>> 0)})`;
      return `${describeAmount(of)}${part} is ${describeValues(values)}`;
    }
    case "resultAbove":
      return condition.value === -1 ? "it succeeds" : `the result is above ${condition.value}`;
    case "failedWith":
      return `it fails with ${errorName(condition.errno)}`;
    case "not":
      return describeNot(condition.of);
    case "all":
      return condition.of.map(inList).join(" and ");
    case "any":
      return condition.of.map(inList).join(" or ");
  }
}

/** A part of a longer condition: a list of its own kind stands in brackets. */
function inList(condition: Condition): string {
  const text = describeCondition(condition);
  const isList = typeof condition === "object" && (condition.kind === "all" || condition.kind === "any");
  return isList && condition.of.length > 1 ? `(${text})` : text;
}

function describeNot(condition: Condition): string {
  if (typeof condition === "boolean") return describeCondition(!condition);
  switch (condition.kind) {
    case "bits":
      return `${describeAmount(condition.of)} has no bit of ${hex(condition.mask)}`;
    case "oneOf":
      return describeCondition(condition).replace(" is one of ", " is none of ").replace(" is ", " is not ");
    case "failedWith":
      return `it does not fail with ${errorName(condition.errno)}`;
    default:
      return `not (${describeCondition(condition)})`;
  }
}

function bytes(length: Amount): string {
  return typeof length === "number" ? `${length} bytes` : `as many bytes as ${describeAmount(length)}`;
}

/** Memory that a call writes, as words: `arg 2 (144 bytes)`. */
export function describeArea(area: Area): string {
  switch (area.kind) {
    case "buffer":
      return `${arg(area.at)} (${bytes(area.length)})`;
    case "filled":
      return `${arg(area.at)} (${bytes(filledLength(area))})`;
    case "behind":
      return `behind the pointer at ${arg(area.at)}${area.offset > 0 ? ` + ${area.offset}` : ""} (${bytes(area.length)})`;
    case "string":
      return `the string at ${arg(area.at)}`;
    case "iovecs":
      return `the buffers of the ${arg(area.countAt)} iovecs at ${arg(area.at)} (${bytes(area.length)})`;
    case "socketAddress":
      return `the socket address at ${arg(area.at)}, its length at ${arg(area.lengthAt)}`;
    case "sentMessage":
      return `the bytes of the message at ${arg(area.at)}`;
    case "receivedMessage":
      return `the buffers, address and header of the message at ${arg(area.at)}`;
    case "receivedControl":
      return `the control data of the message at ${arg(area.at)}`;
    case "sentMessages":
      return `the bytes of the messages at ${arg(area.at)}`;
    case "messageLengths":
      return `the lengths in the messages at ${arg(area.at)}`;
    case "receivedMessages":
      return `the buffers, addresses and headers of the messages at ${arg(area.at)}`;
    case "when":
      return `${describeArea(area.area)} if ${describeCondition(area.condition)}`;
    case "both":
      return area.areas.map(describeArea).join(", ");
    case "command": {
      const { areas, otherwise, at } = area;
      const rest = otherwise ? `, else ${describeArea(otherwise)}` : "";
      if (areas.size > SHOWN_VALUES)
        return `what ${arg(at)} says (${areas.size} commands in the table)${rest}`;
      const commands = [...areas].map(([command, part]) => `${hex(command)}: ${describeArea(part)}`);
      return `by ${arg(at)}: ${commands.join("; ")}${rest}`;
    }
  }
}

/** A file that a call would change, as words. */
export function describeFileChange(change: FileChange): string {
  switch (change.kind) {
    case "path":
    case "flagged":
      return `path ${arg(change.path)}`;
    case "opened":
      return "the file it opens to write";
    case "descriptor":
      return `the file of ${arg(change.at)}${clause(change.when)}`;
    case "boundAddress":
      return `the socket's path in ${arg(change.address)}`;
    case "untold":
      return `something that can't be told${clause(change.when)}`;
  }
}

function clause(condition: Condition | undefined): string {
  return condition === undefined ? "" : ` if ${describeCondition(condition)}`;
}

/** The file whose contents a call changes, as words. */
export function describeContents({ file }: ContentChange): string {
  if ("path" in file) return `path ${arg(file.path)}`;
  return file.fd === "result" ? "the file it opens" : `the file of ${arg(file.fd)}`;
}

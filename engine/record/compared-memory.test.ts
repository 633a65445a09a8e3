import { expect, test } from "bun:test";
import { syscallSpec } from "../kernel/mod.ts";
import { fakeCall } from "../kernel/test/fake-call.ts";
import type { Call } from "./call.ts";
import { keepCompared, tellCompared } from "./compared-memory.ts";
import type { RecordedTask } from "./recorded-task.ts";

const AT = 0x1000;
const BYTES = 64;

/** What an ioctl tells of memory that the driver changes. @param change Of the bytes at the argument. */
function told(request: number, address: number, change: (bytes: Uint8Array) => void): Call["wrote"] {
  const bytes = new Uint8Array(BYTES).fill(7);
  const memory = { read: (at: number, length: number) => bytes.subarray(at - AT, at - AT + length) };
  const task = { space: { memory } } as unknown as RecordedTask;
  const given = fakeCall("ioctl", [3, request, address], 0);
  const call = Object.assign(given, { spec: syscallSpec(given.number), wrote: [] }) as unknown as Call;
  keepCompared(task, call);
  change(bytes);
  tellCompared(task, call);
  return call.wrote;
}

test("an unknown request without a size tells what has changed at its argument, and nothing else", () => {
  const change = (bytes: Uint8Array): void => {
    bytes[5] = 1;
    bytes[20] = 2;
  };
  expect(told(0x6609, AT, change)).toEqual([{ address: AT + 5, length: 16 }]);
  expect(told(0x6609, AT, () => {})).toEqual([]);
  expect(told(0x6609, 0, change)).toEqual([]);
  // One that says its size, and one that the table has, tell it by that.
  expect(told(0x8004_6609, AT, change)).toEqual([]);
  expect(told(0x5401, AT, change)).toEqual([]);
});

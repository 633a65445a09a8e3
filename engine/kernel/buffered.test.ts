import { expect, test } from "bun:test";
import { ERRNO, type SyscallName, syscallName } from "../../ffi/mod.ts";
import { BUFFERED, outputRanges, syscallSpec } from "./mod.ts";
import { fakeCall } from "./test/fake-call.ts";

/** Arguments that are all different, and could be pointers or lengths. */
const ARGUMENTS = [0x1000, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000];
const RESULT = 24;

test.each(BUFFERED.map((call) => [syscallName(call.number), call] as const))(
  "%s writes what the table says, and concerns nobody else",
  (name, { number, args, writes, descriptor, count, opens }) => {
    const spec = syscallSpec(number);
    expect(spec?.handling).toBe("record");
    // An open that fails opens nothing.
    if (descriptor === "closed") expect(spec?.descriptors?.kind).toBe("closed");
    else if (!opens) expect(spec?.descriptors).toBeUndefined();
    expect([spec?.answers, spec?.refuses]).toEqual([[], []]);
    expect(args).toBeLessThanOrEqual(6);
    expect(writes.length).toBeLessThanOrEqual(2);
    // What leads to a file that anybody may have, only its descriptor can tell.
    if (descriptor === undefined && !opens) expect([spec?.blocks, spec?.wakes]).toEqual([false, false]);
    expect(writes.some(({ bytes }) => bytes === "result")).toBe(
      count !== undefined && descriptor !== "written",
    );

    const done = fakeCall(name as SyscallName, ARGUMENTS, RESULT);
    const told = writes.map(({ at, bytes }) => ({
      address: ARGUMENTS[at],
      length: bytes === "result" ? RESULT : bytes,
    }));
    expect(outputRanges(spec!, done)).toEqual(told as ReturnType<typeof outputRanges>);
    for (const { at } of writes) expect(at).toBeLessThan(args);
    // A failure writes nothing, but with a bad address, which the stub leaves to the tracer.
    const failed = fakeCall(name as SyscallName, ARGUMENTS, -ERRNO.EINVAL);
    expect(outputRanges(spec!, failed)).toEqual([]);
  },
);

import { expect, test } from "bun:test";
import { ERRNO, type SyscallName, syscallName } from "../../ffi/mod.ts";
import { BUFFERED, outputRanges, syscallSpec } from "./mod.ts";
import { fakeCall } from "./test/fake-call.ts";

/** Arguments that are all different, and could be pointers or lengths. */
const ARGUMENTS = [0x1000, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000];
const RESULT = 24;

/** What is 0 in calls that the stub does, so that they write nothing there; and the operation of a futex that it does: a wake. */
const FIXED: Partial<Record<SyscallName, Readonly<Record<number, number>>>> = {
  recvfrom: { 4: 0, 5: 0 },
  futex: { 1: 129 },
};

test.each(BUFFERED.map((call) => [syscallName(call.number) as SyscallName, call] as const))(
  "%s writes what the table says, and concerns nobody whom the stub does not know of",
  (name, call) => {
    const { number, args, writes, descriptor, count, unit, opens, flow, way, wakes } = call;
    const spec = syscallSpec(number);
    expect(spec?.handling).toBe("record");
    // An open that fails opens nothing.
    if (descriptor === "closed") expect(spec?.descriptors?.kind).toBe("closed");
    else if (!opens) expect(spec?.descriptors).toBeUndefined();
    expect([spec?.answers, spec?.refuses]).toEqual([[], []]);
    expect(args).toBeLessThanOrEqual(6);
    expect(writes.length).toBeLessThanOrEqual(2);
    // What leads to a file that anybody may have, only its descriptor can tell.
    if ((descriptor ?? flow ?? way) === undefined && !opens)
      expect([spec?.blocks, spec?.wakes]).toEqual([false, false]);
    if (flow) expect(wakes).toBe("readers and writers");
    if (spec?.blocks !== false && !opens) expect(flow ?? way).toBeDefined();
    expect(writes.some(({ bytes }) => typeof bytes === "string")).toBe(count !== undefined);

    const given = ARGUMENTS.map((argument, i) => FIXED[name]?.[i] ?? argument);
    const done = fakeCall(name, given, RESULT);
    const told = writes.map(({ at, bytes }) => ({
      address: given[at],
      length: bytes === "result" ? RESULT * unit : bytes === "count" ? given[count!]! * unit : bytes,
    }));
    expect(outputRanges(spec!, done)).toEqual(told as ReturnType<typeof outputRanges>);
    for (const { at } of writes) expect(at).toBeLessThan(args);
    // A failure writes nothing, but with a bad address, which the stub leaves to the tracer; so it does with a poll that fails.
    if (way === "poll") return;
    const failed = fakeCall(name, given, -ERRNO.EINVAL);
    expect(outputRanges(spec!, failed)).toEqual([]);
  },
);

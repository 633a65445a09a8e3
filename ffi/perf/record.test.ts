/** Decoding on bytes that a test has put together, field by field as linux/perf_event.h has them. */

import { test } from "bun:test";
import { assertEquals, assertThrows } from "@std/assert";
import { decodeRecord, PERF_FORMAT, PERF_RECORD, PERF_SAMPLE, RingError, type SampleLayout } from "../mod.ts";

type Field = readonly [bits: 8 | 16 | 32 | 64, value: number | bigint] | string | Uint8Array;

const u16 = (value: number): Field => [16, value];
const u32 = (value: number): Field => [32, value];
const u64 = (value: number | bigint): Field => [64, value];

/** Bytes of fields in order; a text gets its NUL and is padded to eight bytes. */
function bytesOf(fields: readonly Field[]): Uint8Array {
  return Buffer.concat(
    fields.map((field) => {
      if (typeof field === "string") {
        const text = new Uint8Array(Math.ceil((field.length + 1) / 8) * 8);
        text.set(new TextEncoder().encode(field));
        return text;
      }
      if (field instanceof Uint8Array) return field;
      const view = new DataView(new ArrayBuffer(8));
      view.setBigUint64(0, BigInt.asUintN(64, BigInt(field[1])), true);
      return new Uint8Array(view.buffer, 0, field[0] / 8);
    }),
  );
}

/** A record with its header. */
function record(type: number, misc: number, fields: readonly Field[]): Uint8Array {
  const body = bytesOf(fields);
  return Buffer.concat([bytesOf([u32(type), u16(misc), u16(body.length + 8)]), body]);
}

const PLAIN: SampleLayout = { sampleType: 0, readFormat: 0, sampleIdAll: false };
const WITH_ID: SampleLayout = {
  sampleType: PERF_SAMPLE.TID | PERF_SAMPLE.TIME | PERF_SAMPLE.CPU | PERF_SAMPLE.IDENTIFIER,
  readFormat: 0,
  sampleIdAll: true,
};
const TRAILER = [u32(7), u32(8), u64(999), u32(3), u32(0), u64(55)];
const TRAILER_DECODED = { pid: 7, tid: 8, time: 999n, cpu: 3, id: 55n };
const USER = 2;

test("decodeRecord() decodes LOST, LOST_SAMPLES, THROTTLE and UNTHROTTLE", () => {
  assertEquals(decodeRecord(record(PERF_RECORD.LOST, 0, [u64(5), u64(12), ...TRAILER]), WITH_ID), {
    kind: "lost",
    eventId: 5n,
    lost: 12n,
    mode: "unknown",
    sampleId: TRAILER_DECODED,
  });
  assertEquals(decodeRecord(record(PERF_RECORD.LOST_SAMPLES, 0, [u64(3)]), PLAIN), {
    kind: "lost-samples",
    lost: 3n,
    mode: "unknown",
    sampleId: {},
  });
  for (const [type, kind] of [
    [PERF_RECORD.THROTTLE, "throttle"],
    [PERF_RECORD.UNTHROTTLE, "unthrottle"],
  ] as const) {
    assertEquals(decodeRecord(record(type, 1, [u64(100), u64(5), u64(6)]), PLAIN), {
      kind,
      at: 100n,
      eventId: 5n,
      stream: 6n,
      mode: "kernel",
      sampleId: {},
    });
  }
});

test("decodeRecord() decodes COMM, FORK and EXIT", () => {
  const comm = [u32(7), u32(8), "a-longer-name", ...TRAILER];
  assertEquals(decodeRecord(record(PERF_RECORD.COMM, (1 << 13) | USER, comm), WITH_ID), {
    kind: "comm",
    exec: true,
    pid: 7,
    tid: 8,
    comm: "a-longer-name",
    mode: "user",
    sampleId: TRAILER_DECODED,
  });
  for (const [type, kind] of [
    [PERF_RECORD.FORK, "fork"],
    [PERF_RECORD.EXIT, "exit"],
  ] as const) {
    const fields = [u32(10), u32(1), u32(11), u32(-1), u64(77)];
    assertEquals(decodeRecord(record(type, 0, fields), PLAIN), {
      kind,
      pid: 10,
      parentPid: 1,
      tid: 11,
      parentTid: -1,
      at: 77n,
      mode: "unknown",
      sampleId: {},
    });
  }
});

test("decodeRecord() decodes MMAP and MMAP2 with a file's inode or build id", () => {
  const mapping = [u32(7), u32(8), u64(0x400000), u64(0x1000), u64(0x2000)];
  const common = { pid: 7, tid: 8, address: 0x400000n, length: 0x1000n, offset: 0x2000n, file: "/bin/true" };
  assertEquals(decodeRecord(record(PERF_RECORD.MMAP, (1 << 13) | USER, [...mapping, "/bin/true"]), PLAIN), {
    kind: "mmap",
    data: true,
    ...common,
    mode: "user",
    sampleId: {},
  });
  const protection = [u32(5), u32(2), "/bin/true"];
  const inode = [...mapping, u32(8), u32(1), u64(4242), u64(9), ...protection];
  assertEquals(decodeRecord(record(PERF_RECORD.MMAP2, USER, inode), PLAIN), {
    kind: "mmap2",
    data: false,
    ...common,
    major: 8,
    minor: 1,
    inode: 4242n,
    generation: 9n,
    protection: 5,
    flags: 2,
    mode: "user",
    sampleId: {},
  });
  const id = new Uint8Array(24).fill(0xab);
  id.set([20, 0, 0, 0]);
  const built = decodeRecord(
    record(PERF_RECORD.MMAP2, (1 << 14) | USER, [...mapping, id, ...protection]),
    PLAIN,
  );
  assertEquals(built.kind === "mmap2" && "buildId" in built && [...built.buildId], Array(20).fill(0xab));
});

test("decodeRecord() decodes SWITCH, SWITCH_CPU_WIDE, READ, AUX and ITRACE_START", () => {
  const bare = { mode: "unknown", sampleId: {} } as const;
  assertEquals(decodeRecord(record(PERF_RECORD.SWITCH, 1 << 13, []), PLAIN), {
    kind: "switch",
    out: true,
    preempted: false,
    ...bare,
  });
  assertEquals(decodeRecord(record(PERF_RECORD.SWITCH_CPU_WIDE, 3 << 13, [u32(4), u32(5)]), PLAIN), {
    kind: "switch-cpu",
    out: true,
    preempted: true,
    otherPid: 4,
    otherTid: 5,
    ...bare,
  });
  const readFormat = PERF_FORMAT.TOTAL_TIME_ENABLED | PERF_FORMAT.TOTAL_TIME_RUNNING | PERF_FORMAT.ID;
  const read = [u32(1), u32(2), u64(100), u64(20), u64(10), u64(5)];
  assertEquals(decodeRecord(record(PERF_RECORD.READ, 0, read), { ...PLAIN, readFormat }), {
    kind: "read",
    pid: 1,
    tid: 2,
    read: { enabled: 20n, running: 10n, values: [{ value: 100n, id: 5n }] },
    ...bare,
  });
  assertEquals(decodeRecord(record(PERF_RECORD.AUX, 0, [u64(1), u64(2), u64(3)]), PLAIN), {
    kind: "aux",
    offset: 1n,
    size: 2n,
    flags: 3n,
    ...bare,
  });
  assertEquals(decodeRecord(record(PERF_RECORD.ITRACE_START, 0, [u32(1), u32(2)]), PLAIN), {
    kind: "itrace-start",
    pid: 1,
    tid: 2,
    ...bare,
  });
});

test("decodeRecord() keeps the bytes of a record that it does not know", () => {
  const unknown = decodeRecord(record(99, 0, [u64(0x1122), ...TRAILER]), WITH_ID);
  assertEquals(unknown, {
    kind: "other",
    type: 99,
    bytes: Uint8Array.of(0x22, 0x11, 0, 0, 0, 0, 0, 0),
    mode: "unknown",
    sampleId: TRAILER_DECODED,
  });
});

test("decodeRecord() decodes every field of a sample, in the kernel's order", () => {
  const { AUX, WEIGHT_STRUCT, ID, ...bits } = PERF_SAMPLE;
  const sampleType = Object.values(bits).reduce((all, bit) => all | bit, 0);
  const layout: SampleLayout = {
    sampleType,
    readFormat: PERF_FORMAT.GROUP | PERF_FORMAT.TOTAL_TIME_ENABLED | PERF_FORMAT.ID | PERF_FORMAT.LOST,
    sampleIdAll: true,
    registersUser: 0b1011n,
    registersInterrupt: 0b1n,
    branchSampleType: 1 << 17,
  };
  const fields = [
    u64(1), // identifier
    u64(2), // ip
    u32(3), // pid
    u32(4), // tid
    u64(5), // time
    u64(6), // addr
    u64(7), // stream id
    u32(8), // cpu
    u32(0),
    u64(9), // period
    ...[u64(2), u64(50), u64(100), u64(1), u64(0), u64(200), u64(2), u64(3)], // read
    ...[u64(2), u64(0xa), u64(0xb)], // callchain
    ...[u32(4), u32(0xddccbbaa)], // raw
    ...[u64(1), u64(17), u64(0x10), u64(0x20), u64(1)], // branch stack with index
    ...[u64(2), u64(31), u64(32), u64(33)], // registers
    ...[u64(8), u64(0x1234), u64(2)], // stack: eight bytes of which two were used
    u64(70), // weight
    u64(71), // data source
    u64(72), // transaction
    ...[u64(0)], // no registers at the interrupt
    u64(73), // physical address
    u64(74), // cgroup
    u64(75), // data page size
    u64(76), // code page size
  ];
  assertEquals(decodeRecord(record(PERF_RECORD.SAMPLE, (1 << 14) | USER, fields), layout), {
    kind: "sample",
    exactIp: true,
    id: 1n,
    ip: 2n,
    pid: 3,
    tid: 4,
    time: 5n,
    address: 6n,
    streamId: 7n,
    cpu: 8,
    period: 9n,
    read: {
      enabled: 50n,
      values: [
        { value: 100n, id: 1n, lost: 0n },
        { value: 200n, id: 2n, lost: 3n },
      ],
    },
    callchain: BigUint64Array.of(0xan, 0xbn),
    raw: Uint8Array.of(0xaa, 0xbb, 0xcc, 0xdd),
    branchIndex: 17n,
    branches: [{ from: 0x10n, to: 0x20n, flags: 1n }],
    registersUser: { abi: 2n, values: BigUint64Array.of(31n, 32n, 33n) },
    stackUser: Uint8Array.of(0x34, 0x12),
    weight: 70n,
    dataSource: 71n,
    transaction: 72n,
    registersInterrupt: { abi: 0n, values: new BigUint64Array() },
    physicalAddress: 73n,
    cgroup: 74n,
    dataPageSize: 75n,
    codePageSize: 76n,
    mode: "user",
    sampleId: {},
  });
});

test("decodeRecord() refuses a record that is shorter than what it promises", () => {
  const chain: SampleLayout = { ...PLAIN, sampleType: PERF_SAMPLE.CALLCHAIN };
  for (const [bytes, layout] of [
    [new Uint8Array(7), PLAIN],
    [record(PERF_RECORD.LOST, 0, [u64(1)]), PLAIN],
    [record(PERF_RECORD.COMM, 0, [u32(1), u32(2)]), WITH_ID],
    [record(PERF_RECORD.SAMPLE, 0, [u64(2n ** 60n)]), chain],
    [record(PERF_RECORD.SAMPLE, 0, [u64(3), u64(1)]), chain],
  ] as const) {
    assertThrows(() => decodeRecord(bytes, layout), RingError);
  }
});

test("decodeRecord() never throws anything but RingError on damaged bytes", () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  let decoded = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from({ length: random(96) }, () => random(256));
    if (bytes.length >= 4) bytes.set([random(24), 0, 0, 0]);
    const layout: SampleLayout = {
      sampleType: random(1 << 25),
      readFormat: random(32),
      sampleIdAll: random(2) === 1,
      registersUser: BigInt(random(1 << 10)),
    };
    try {
      decodeRecord(bytes, layout);
      decoded++;
    } catch (error) {
      if (!(error instanceof RingError)) throw error;
    }
  }
  assertEquals(decoded > 0 && decoded < 20_000, true);
});

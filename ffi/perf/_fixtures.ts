/** What the tests of this folder share: a system that answers as it is told, and hosts that are described. */

import type { CpuidResult, HostFacts, PerfMapping, PerfStep, PerfSystem } from "../mod.ts";

/** Words of ASCII text as cpuid has them in its registers. */
function ascii(text: string): number[] {
  return [...new Uint32Array(new TextEncoder().encode(text).buffer)];
}

/** A processor's signature (cpuid leaf 1, eax) of its display family, model and stepping. */
export function signature(family: number, model: number, stepping: number): number {
  const base = Math.min(family, 0xf);
  return stepping | ((model & 0xf) << 4) | (base << 8) | ((model >> 4) << 16) | ((family - base) << 20);
}

/** cpuid leaf 7, ebx: HLE and RTM. */
const TRANSACTIONS = (1 << 4) | (1 << 11);

/** A host with a processor and files; every other path is missing. @param transactional It has HLE and RTM. */
export function describedFacts(
  vendor: string,
  [family, model, stepping]: readonly [number, number, number],
  files: Readonly<Record<string, string>> = {},
  transactional = false,
): HostFacts {
  const [b = 0, d = 0, c = 0] = ascii(vendor);
  const leaves: Readonly<Record<number, CpuidResult>> = {
    0: [7, b, c, d],
    1: [signature(family, model, stepping), 0, 0, 0],
    7: [0, transactional ? TRANSACTIONS : 0, 0, 0],
  };
  return {
    cpuid: (leaf) => leaves[leaf] ?? [0, 0, 0, 0],
    readFile: (path) => files[path],
    readDirectory(path) {
      const inside = Object.keys(files).filter((file) => file.startsWith(`${path}/`));
      const names = new Set(inside.map((file) => file.slice(path.length + 1).split("/")[0] ?? ""));
      return names.size > 0 ? [...names] : undefined;
    },
  };
}

/** A call that a {@link FakePerf} was asked. */
export interface FakeCall {
  readonly call: string;
  readonly args: readonly unknown[];
}

/** A system without a kernel: notes what it is asked, and gives the words and results that a test has put in. */
export class FakePerf implements PerfSystem {
  readonly calls: FakeCall[] = [];
  /** attr of each open, in order. */
  readonly attrs: Uint8Array[] = [];
  /** Result of the next opens; a descriptor from 100 on where it is empty. */
  openResults: number[] = [];
  /** What a read gives. */
  words: readonly bigint[] = [];
  /** What a read returns if not the bytes of {@link words}. */
  readResult: number | undefined;
  mapping: PerfMapping | number = -22;
  #next = 100;

  #note(call: string, ...args: unknown[]): void {
    this.calls.push({ call, args });
  }

  open(attr: Uint8Array, pid: number, cpu: number, group: number, flags: number): number {
    this.#note("open", pid, cpu, group, flags);
    this.attrs.push(attr.slice());
    return this.openResults.shift() ?? this.#next++;
  }

  close(fd: number): number {
    this.#note("close", fd);
    return 0;
  }

  ioctl(fd: number, request: number, argument: number | bigint): number {
    this.#note("ioctl", fd, request, argument);
    return 0;
  }

  id(fd: number): number {
    return fd;
  }

  read(_fd: number, into: BigUint64Array): number {
    if (this.readResult !== undefined) return this.readResult;
    into.set(this.words);
    return this.words.length * BigUint64Array.BYTES_PER_ELEMENT;
  }

  map(fd: number, pages: number): PerfMapping | number {
    this.#note("map", fd, pages);
    return this.mapping;
  }

  poll(): number {
    return 1;
  }

  run(steps: readonly PerfStep[]): number[] {
    return steps.map(() => 0);
  }
}

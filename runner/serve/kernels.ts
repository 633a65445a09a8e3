/** The first kernel that a test fails on: of kernels by version, whoever runs them. */

/** What attempts at a test on one kernel come to. */
export interface KernelCounts {
  kernel: string;
  attempts: number;
  failed: number;
}

/** Since which kernel a test fails. */
export interface FirstBad {
  first: KernelCounts;
  /** The newest kernel before it that it passed on; undefined where none is known. */
  good: KernelCounts | undefined;
}

/** Sorts versions as people do: 6.9 comes before 6.10, and a name that goes on behind the same one. */
export function compareKernels(a: string, b: string): number {
  const parts = (text: string) => text.match(/\d+|[^\d.~+_-]+/g) ?? [];
  const [one, other] = [parts(a), parts(b)];
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const [left, right] = [one[at], other[at]];
    if (left === right) continue;
    // "6.12-rc1" comes before "6.12", and "6.12.1" behind it.
    if (left === undefined) return /^rc/.test(right ?? "") ? 1 : -1;
    if (right === undefined) return /^rc/.test(left) ? -1 : 1;
    const [x, y] = [Number(left), Number(right)];
    if (Number.isNaN(x) || Number.isNaN(y)) {
      if (!Number.isNaN(x) || !Number.isNaN(y)) return isRc(left, right) ?? (Number.isNaN(x) ? -1 : 1);
      return left < right ? -1 : 1;
    }
    if (x !== y) return x - y;
  }
  return 0;
}

/** Where a candidate for a release meets a number of a release that came: the candidate was earlier. */
function isRc(left: string, right: string): number | undefined {
  if (/^rc/.test(left)) return -1;
  return /^rc/.test(right) ? 1 : undefined;
}

/** The counts of each kernel, the oldest first, without those that tell nothing. */
export function byKernel(counts: readonly KernelCounts[]): KernelCounts[] {
  const sums = new Map<string, KernelCounts>();
  for (const { kernel, attempts, failed } of counts) {
    const sum = sums.get(kernel) ?? { kernel, attempts: 0, failed: 0 };
    sums.set(kernel, { kernel, attempts: sum.attempts + attempts, failed: sum.failed + failed });
  }
  return [...sums.values()]
    .filter(({ attempts }) => attempts > 0)
    .toSorted((a, b) => compareKernels(a.kernel, b.kernel));
}

/**
 * Finds since which kernel a test fails.
 *
 * @returns Undefined if it does not fail on the newest kernel that it ran on.
 */
export function firstBadKernel(counts: readonly KernelCounts[]): FirstBad | undefined {
  const kernels = byKernel(counts);
  const lastGood = kernels.findLastIndex(({ failed }) => failed === 0);
  const first = kernels[lastGood + 1];
  return first === undefined ? undefined : { first, good: kernels[lastGood] };
}

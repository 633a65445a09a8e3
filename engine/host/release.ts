/** Releases of kernels, compared: behaviour that came with one is derived from the release that a profile names. */

/** Whether a release, such as "4.7.0-rc1", is that one or a later one. */
export function isAtLeast(release: string, [major, minor]: readonly [number, number]): boolean {
  const [, first = "0", second = "0"] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return Number(first) !== major ? Number(first) > major : Number(second) >= minor;
}

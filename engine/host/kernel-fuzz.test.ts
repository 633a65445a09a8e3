/**
 * The model of this very kernel against this kernel: no answer of perf_event_open may differ. Not asked are the event
 * sources that the model has none of (breakpoints, tracepoints, probes, msr): their errors tell of the machine's devices.
 */
import { test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { encodePerfAttr, errnoInfo, livePerf, PERF_FORMAT } from "../../ffi/mod.ts";
import { Asking } from "./_ask.ts";
import { asNobody, TwoKernels, thisKernel } from "./_kernel-fuzz.ts";
import { haswell } from "./_profiles.ts";
import { Random } from "./_random.ts";
import type { HostProfile } from "./profile.ts";
import { isAtLeast } from "./release.ts";

const SEEDS = 40;
const CALLS = 40;
/** Differences between releases before this one are not modelled. */
const OLDEST = [6, 13] as const;

/** Why the kernel can't be asked by somebody; undefined if it can. */
function incomparable(privileged: boolean): string | undefined {
  const profile = thisKernel(privileged);
  if (typeof profile === "string") return profile;
  const { release } = profile.kernel;
  if (!isAtLeast(release, OLDEST)) return `Linux ${release} is older than the model's rules`;
  using encoded = encodePerfAttr({ type: 1, config: 9, flags: ["disabled", "exclude_kernel"] });
  const open = () => livePerf.open(encoded.u8, 0, -1, -1, 0);
  const fd = privileged ? open() : asNobody(open);
  if (fd < 0) return `perf_event_open: ${errnoInfo(-fd).code}`;
  livePerf.close(fd);
  return undefined;
}

/** Asks both. @returns How often the kernel gave each answer. */
function compare(profile: HostProfile): Map<string, number> {
  const seen = new Map<string, number>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    using kernels = new TwoKernels(profile, new Random(seed));
    for (let call = 0; call < CALLS; call++) {
      const { live, model, call: words } = kernels.ask();
      seen.set(live, (seen.get(live) ?? 0) + 1);
      assertEquals(model, live, `seed ${seed}, call ${call}: ${words}`);
    }
  }
  return seen;
}

for (const [who, privileged, answers] of [
  ["root", true, ["opens", "EINVAL", "ENOENT", "EOPNOTSUPP", "ESRCH", "EBADF", "E2BIG"]],
  ["nobody", false, ["opens", "EACCES", "EINVAL", "ENOENT", "EOPNOTSUPP", "ESRCH", "EBADF", "E2BIG"]],
] as const) {
  const reason = incomparable(privileged);
  test.skipIf(reason !== undefined)(
    `${SEEDS * CALLS} calls of perf_event_open by ${who} are answered alike${reason === undefined ? "" : ` (skipped: ${reason})`}`,
    () => {
      const profile = thisKernel(privileged);
      assert(typeof profile !== "string");
      const seen = privileged ? compare(profile) : asNobody(() => compare(profile));
      // The fuzz reaches what it is for.
      for (const answer of answers) {
        assert((seen.get(answer) ?? 0) > 5, `${answer}: ${seen.get(answer) ?? 0}`);
      }
    },
  );
}

test("a group may be as large as its readings fit, by what its members are read with", () => {
  const host = new Asking(haswell({ kernel: { release: "6.18.0" } }));
  const { GROUP, ID, LOST } = PERF_FORMAT;
  const dummy = { type: 1, config: 9 };
  const largest = (read_format: number) => {
    const leader = host.open({ ...dummy, read_format });
    let members = 1;
    while (typeof host.tryOpen({ ...dummy }, { group: leader }) === "number") members++;
    return members;
  };
  // 8 bytes and 24 for each member: 682 on Linux 6.18 too.
  assertEquals(largest(GROUP | ID | LOST), Math.floor((16_384 - 8) / 24));
});

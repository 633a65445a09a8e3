/** The table of rr's releases in docs/doctor.md, from what the probes go by. */
import { RR_ARM_CORES, RR_CASES, RR_RELEASES, type RrRelease } from "./rr-processors.ts";
import {
  isSince,
  KNOWS_CORE_KINDS,
  PERIOD_OF_32,
  REFUSES_FLAWS,
  rrCpu,
  SWITCH_RECORDS,
} from "./rr-versions.ts";

/** Names with the release that has learnt each of their processors. */
function learning(names: readonly (readonly [name: string, since: RrRelease])[]): string[] {
  return RR_RELEASES.map((release) => {
    const before = new Set(
      names.filter(([, since]) => since !== release && isSince(release, since)).map(([name]) => name),
    );
    const own = [...new Set(names.filter(([, since]) => since === release).map(([name]) => name))];
    const fresh = own.filter((name) => !before.has(name));
    const further = own.filter((name) => before.has(name));
    const more = further.length > 0 ? `further ${further.join(", ")}` : "";
    return [fresh.join(", "), more].filter(Boolean).join("; ") || "–";
  });
}

/** A cell for each release, those that are alike to the one before them being "likewise". */
function cells(of: (release: RrRelease) => string): string[] {
  const all = RR_RELEASES.map(of);
  return all.map((cell, index) => (index > 0 && cell === all[index - 1] ? "likewise" : cell));
}

const TURIN = { vendor: "AuthenticAMD", family: 0x1a, model: 2, stepping: 1 };

/** Rows of the table. */
export function rrTable(): string {
  const x86 = RR_CASES.map(({ name, since = "5.6.0" }) => [name, since] as const);
  const arm = Object.values(RR_ARM_CORES)
    .flat()
    .filter(([, , , counted = true]) => counted)
    .map(([name, , since = "5.6.0"]) => [name, since] as const);
  const rows: [string, string[]][] = [
    ["learns", learning(x86)],
    ["of aarch64", learning(arm)],
    ["EPYC Turin", cells((release) => rrCpu(release, TURIN)?.unusable?.replace(/^.*?: /, "") ?? "refused")],
    [
      "context switches",
      cells((release) =>
        isSince(release, SWITCH_RECORDS.release)
          ? `by records on Linux ${SWITCH_RECORDS.kernel.join(".")} and later: perf_event_paranoid 2 will do`
          : "must be counted: perf_event_paranoid 1, or `-n`",
      ),
    ],
    [
      "a kernel that takes no period below 32",
      cells((release) => (isSince(release, PERIOD_OF_32) ? "works" : "ends")),
    ],
    [
      "SpecLockMap, `freeze_on_smi` 0",
      cells((release) => (isSince(release, REFUSES_FLAWS) ? "refuses, but with `-F`" : "warns")),
    ],
    [
      "hybrid processors",
      cells((release) =>
        isSince(release, KNOWS_CORE_KINDS)
          ? "performance cores, if it is not told otherwise; counts on the others too"
          : "any core by chance; ends on an efficient one",
      ),
    ],
    ["software counters", cells(() => "none; the fork rr.soft has `-W`")],
  ];
  const head = ["", ...RR_RELEASES];
  const line = (columns: readonly string[]) => `| ${columns.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(([name, all]) => line([name, ...all]))].join(
    "\n",
  );
}

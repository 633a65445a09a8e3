/** What a run and its attempts are in the form that the history keeps. */

import { hostname, release } from "node:os";
import { describeHost } from "../../engine/trace/mod.ts";
import { reasonsOf } from "../reporters/details.ts";
import type { Attempt, Verdict } from "../results/mod.ts";
import type { TestCase } from "../run/mod.ts";
import { VERSION } from "../text/mod.ts";
import type { AttemptDetail, AttemptInfo, RunInfo } from "./rows.ts";

/** What this machine and this tickproof say of a run that begins now. */
export function runInfo(): RunInfo {
  return {
    startedAt: new Date().toISOString(),
    host: hostname(),
    cpu: describeHost().cpu,
    kernel: release(),
    version: VERSION,
    bun: Bun.version,
  };
}

/** An attempt in the form that the history keeps. */
export function attemptInfo(
  test: TestCase,
  { number, engine, verdict, counts, milliseconds, ...more }: Attempt,
): AttemptInfo {
  return {
    test: test.id,
    number,
    engine,
    describedHost: test.host ?? "",
    verdict: verdict.kind,
    reason: reasonsOf(verdict).join("\n"),
    ticks: counts?.ticks ?? null,
    events: counts?.events ?? null,
    signals: counts?.signals ?? null,
    switches: counts?.switches ?? null,
    nativeMs: milliseconds.native ?? null,
    recordMs: milliseconds.record ?? null,
    replayMs: milliseconds.replay ?? null,
    detail: detailOf(verdict, more),
  };
}

function detailOf(
  verdict: Verdict,
  {
    kernelLog,
    counters,
    divergence,
    differences,
    crash,
    notes,
    output,
    threads,
    trace,
    replay,
    steps,
  }: Partial<Attempt>,
): AttemptDetail | null {
  const sources = verdict.kind === "pass" ? (verdict.flags ?? []) : [verdict];
  const url = sources.map((note) => ("url" in note ? note.url : undefined)).find(Boolean);
  const detail: AttemptDetail = {
    ...(kernelLog && kernelLog.length > 0 && { kernelLog }),
    ...(url && { url }),
    ...(verdict.kind === "skip" && verdict.missing.length > 0 && { missing: verdict.missing }),
    ...(counters && { counters }),
    ...(divergence && { divergence }),
    ...(differences && { differences }),
    ...(crash && { crash }),
    ...(notes && { notes }),
    ...(output !== undefined && { output }),
    ...(threads && { threads }),
    ...(trace !== undefined && { trace }),
    ...(replay && { replay }),
    ...(steps && { steps }),
  };
  return Object.keys(detail).length > 0 ? detail : null;
}

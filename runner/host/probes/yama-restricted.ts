import type { Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";

const SCOPE = "/proc/sys/kernel/yama/ptrace_scope";
const MEANINGS = ["everybody", "a child's own tracer", "who has CAP_SYS_PTRACE", "nobody"];
/** From this level on PTRACE_TRACEME is refused too. */
const RESTRICTED = 2;

/** Yama's scope, which described hosts have too; whether tracing works in the end, the probe `ptrace` tries. */
export const yamaRestricted: Probe = {
  name: "yama-restricted",
  title: "Yama keeps ordinary users from tracing their own children",
  kind: "harmful",
  measures: SCOPE,
  threshold: `${RESTRICTED} or more`,
  source: "Linux 6.18, security/yama/yama_lsm.c, yama_ptrace_traceme; Documentation/admin-guide/LSM/Yama.rst",
  gates: { engines: [], limits: ["embedded", "rr"], tests: [] },
  remedy: "sysctl kernel.yama.ptrace_scope=1 (level 3 lasts until the next boot)",
  run(host) {
    const text = host.readFile(SCOPE)?.trim();
    if (text === undefined) return no("no Yama on this kernel");
    const level = Number(text);
    if (!(level in MEANINGS)) return unknown(`ptrace_scope is ${text}`);
    const evidence = `ptrace_scope is ${level}: ${MEANINGS[level]} may trace`;
    return level >= RESTRICTED ? yes(evidence) : no(evidence);
  },
};

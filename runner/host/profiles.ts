/** Profiles of described hosts: those that come with tickproof, by name, and those of others, by path. */
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { HostProfile } from "../../engine/host/mod.ts";
import { didYouMean, isAarch64, microarchitecture } from "../../ffi/mod.ts";
import { UsageError } from "../errors/mod.ts";
import { checkYaml, type Problem, readYaml, type YamlSource, type YamlText } from "../yaml/mod.ts";
import { processorWords } from "./cpu.ts";
import { type ProfileDocument, profileSchema, toProfile } from "./profile-schema.ts";

const FOLDER = resolve(import.meta.dir, "../../manifests/hosts");
const SUFFIX = ".yaml";
const WHAT = "the profile";

/** Names of the profiles that come with tickproof, in order. */
export function profileNames(): string[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(SUFFIX));
  return files.map((file) => file.slice(0, -SUFFIX.length)).sort();
}

/** Whether a host is told by the path of its profile, and not by a name: it has a slash, or ends in .yaml. */
export function isProfilePath(nameOrPath: string): boolean {
  return /\/|\.ya?ml$/.test(nameOrPath);
}

/**
 * Loads a profile.
 *
 * @param nameOrPath The name of one that comes with tickproof, or a path as {@link isProfilePath} tells it.
 * @throws {UsageError} For an unknown name, with the one that was probably meant; for a file that can't be read; and
 *   with file:line:column for everything that is wrong in it.
 */
export function loadProfile(nameOrPath: string): HostProfile {
  if (isProfilePath(nameOrPath)) return checkProfile(readYaml(nameOrPath, WHAT));
  const names = profileNames();
  if (!names.includes(nameOrPath)) {
    const hint = didYouMean(nameOrPath, names) || `; there are: ${names.join(", ")}`;
    throw new UsageError(`no host is described as '${nameOrPath}'${hint}`);
  }
  return checkProfile(readYaml(join(FOLDER, `${nameOrPath}${SUFFIX}`), WHAT));
}

/**
 * Loads a profile of a host that programs of this machine can be recorded as on.
 *
 * @throws {UsageError} As {@link loadProfile} does, and for a host of another architecture.
 */
export function loadRunnableProfile(nameOrPath: string): HostProfile {
  const profile = loadProfile(nameOrPath);
  if (!isAarch64(profile.cpu)) return profile;
  throw new UsageError(
    `no program can be recorded as on '${profile.name}': it is a machine of aarch64, and programs here are of x86-64; ` +
      `'tickproof doctor --host ${nameOrPath}' and 'tickproof suites --host ${nameOrPath}' tell of it`,
  );
}

/** What a user is to know of a host whose processor no table has; undefined where one has it. */
export function unknownProcessor({ name, cpu }: HostProfile): string | undefined {
  if (microarchitecture(cpu) !== undefined) return undefined;
  return `no table has the processor of '${name}' (${processorWords(cpu)}): of its events only the architectural ones count`;
}

/**
 * Checks the text of a profile.
 *
 * @throws {UsageError} As {@link loadProfile} does.
 */
export function checkProfile(yaml: Omit<YamlText, "what">): HostProfile {
  return toProfile(checkYaml({ ...yaml, what: WHAT }, profileSchema, contradictions));
}

/** What only one architecture has, and how far its numbers go. */
function ofOtherArchitectures(
  source: YamlSource,
  { cpu, pmu, hypervisor, kernel }: ProfileDocument,
): Problem[] {
  const problems: Problem[] = [];
  const wrong = (path: readonly string[], message: string) => problems.push(source.problem(path, message));
  if (!isAarch64(cpu)) {
    if (cpu.model > 0xff) wrong(["cpu", "model"], "models of x86 end at 0xff");
    if (cpu.stepping > 0xf) wrong(["cpu", "stepping"], "steppings of x86 end at 15");
    if (cpu.lse !== undefined) wrong(["cpu", "lse"], "only processors of aarch64 have LSE");
    if (kernel.perfUserAccess !== undefined)
      wrong(["kernel", "perfUserAccess"], "only aarch64 has this setting");
    return problems;
  }
  const { hle, rtm, alwaysAborts } = cpu.tsx;
  if (cpu.family !== 8) wrong(["cpu", "family"], "the family is 8 on aarch64");
  if (hle || rtm || alwaysAborts) wrong(["cpu", "tsx"], "only processors of Intel have TSX");
  if (cpu.hybrid !== undefined)
    wrong(["cpu", "hybrid"], "kinds of core are described of Intel processors only");
  if (pmu.fixedCounters > 1) wrong(["pmu", "fixedCounters"], "aarch64 has one, which counts cycles");
  if (pmu.freezeOnSmi !== undefined) wrong(["pmu", "freezeOnSmi"], "only processors of Intel have it");
  if (hypervisor.kind !== "none" && hypervisor.kind !== "kvm") {
    wrong(["hypervisor", "kind"], "guests of aarch64 are described under KVM only");
  }
  return problems;
}

/** What can't be true at the same time. */
function contradictions(source: YamlSource, document: ProfileDocument): Problem[] {
  const { cpu, pmu, hypervisor } = document;
  const problems: Problem[] = [];
  const wrong = (path: readonly string[], message: string) => problems.push(source.problem(path, message));
  const amd = cpu.vendor === "AuthenticAMD";
  if (amd && (cpu.tsx.hle || cpu.tsx.rtm || cpu.tsx.alwaysAborts)) {
    wrong(["cpu", "tsx"], "processors of AMD have no TSX");
  }
  problems.push(...ofOtherArchitectures(source, document));
  if (!amd && cpu.specLockMap) wrong(["cpu", "specLockMap"], "only processors of AMD have SpecLockMap");
  if (amd && pmu.fixedCounters > 0)
    wrong(["pmu", "fixedCounters"], "processors of AMD have no fixed counters");
  if (pmu.taken > pmu.counters) {
    wrong(["pmu", "taken"], `no more counters can be taken than there are: ${pmu.counters}`);
  }
  if (hypervisor.kind === "none") return problems;
  if (!hypervisor.vpmu && (hypervisor.counters > 0 || hypervisor.fixedCounters > 0)) {
    wrong(["hypervisor", "vpmu"], "a guest without a virtual PMU believes in no counters");
  }
  if (amd && hypervisor.fixedCounters > 0) {
    wrong(["hypervisor", "fixedCounters"], "processors of AMD have no fixed counters");
  }
  return problems;
}

/**
 * Hosts, and what they can do: this machine or a described one is asked by probes, one for each known condition;
 * the findings are capabilities that manifests name, and they decide which engine can run.
 */
export { CAPABILITY_NAMES, capabilitiesOf, capabilityNames, probeOf, unmetNeed } from "./capabilities.ts";
export { describedHost, loadDescribedHost } from "./described.ts";
export { type Examination, examine } from "./examination.ts";
export { Interrupted, untilInterrupted } from "./interrupted.ts";
export { liveHost } from "./live.ts";
export { PROBE_GROUPS, PROBES } from "./probes/mod.ts";
export {
  checkProfile,
  isProfilePath,
  loadProfile,
  loadRunnableProfile,
  profileNames,
  unknownProcessor,
} from "./profiles.ts";
export { type FoundRr, type NoRr, RR_FINDINGS, rrInstallation } from "./rr-installation.ts";
export type * from "./types.ts";
export { loadUserProbe, type ProbeTools, type UserProbe } from "./user-probe.ts";
export {
  ENGINE_NAMES,
  isProblem,
  judge,
  type Objection,
  remedyOf,
  type Verdict,
  waivers,
} from "./verdict.ts";

import { tried } from "./_attempt.ts";

/**
 * Without address space randomisation every recording of a program has the same addresses. The embedded engine can do
 * without: a replay has the addresses of its recording anyway.
 */
export const personality = tried({
  name: "personality",
  title: "address randomisation can be turned off",
  measures: "personality(ADDR_NO_RANDOMIZE)",
  source:
    "Linux 6.18, kernel/exec_domain.c, personality; personality(2); Docker's default seccomp profile refuses this value",
  engines: ["rr"],
  limits: ["embedded"],
  remedy: "in a container use a seccomp profile that permits personality (--security-opt seccomp=unconfined)",
});

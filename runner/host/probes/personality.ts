import { tried } from "./_attempt.ts";

/** A recording starts its program without address space randomisation, so that replay has the same addresses. */
export const personality = tried({
  name: "personality",
  title: "address randomisation can be turned off",
  measures: "personality(ADDR_NO_RANDOMIZE)",
  source: "personality(2); Docker's default seccomp profile refuses this value",
  engines: ["embedded", "rr"],
  remedy: "in a container use a seccomp profile that permits personality (--security-opt seccomp=unconfined)",
});

/** Tracees: starting, stopping and resuming them, their registers and their memory. */
export { type ChildEnd, HeldChild } from "./held-child.ts";
export { processVmRead, processVmWrite } from "./process-vm.ts";
export {
  detach,
  getEventMessage,
  getRegSet,
  getRegs,
  getSigInfo,
  getSigMask,
  kill,
  peekUser,
  pokeUser,
  ptrace,
  setOptions,
  setRegSet,
  setRegs,
  setSigInfo,
  setSigMask,
  tgkill,
} from "./ptrace.ts";
export { NT, PTRACE, PTRACE_EVENT, PTRACE_O } from "./ptrace-constants.ts";
export { spawnTraced } from "./spawn.ts";
export { REGS_NOT_READ, TraceeControl } from "./tracee-control.ts";
export { openMemory, TraceeMemory } from "./tracee-memory.ts";
export { SYSCALL_STOP, type WaitStatus, waitStatus } from "./wait-status.ts";

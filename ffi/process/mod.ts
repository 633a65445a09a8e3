/** This process and those that it starts: processors, interrupts, accounts, the state that a program starts with. */
export { currentCpu, getAffinity, setAffinity, yieldProcessor } from "./affinity.ts";
export {
  clearInterrupt,
  installInterrupts,
  interruptCount,
  isIgnored,
  pendingInterrupt,
  putBackInterrupt,
  restoreDefault,
  setTimer,
  unblockSignals,
  wasIgnored,
} from "./interrupt.ts";
export { controlCode } from "./interrupt-state.ts";
export { adoptOrphans } from "./orphans.ts";
export { SpawnBlock, type SpawnOptions } from "./spawn-block.ts";
export { isLaunchers, type StartState, startState } from "./start-state.ts";
export { type ResourceUsage, resourceUsage } from "./usage.ts";

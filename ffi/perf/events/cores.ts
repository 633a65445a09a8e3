/**
 * Events of processor cores that the kernel has no name for, above all the tick: one retired conditional branch in
 * user mode. Source: Intel's event files (perfmon-events.intel.com), AMD's PPR and BKDG of each family ("Core
 * Performance Monitor Counters"); ticks also as rr counts them.
 */

/** event | umask << 8, and from bit 32 on what does not fit there (AMD event bits 8…11, Intel umask bits 8…). */
export type CoreEvents = Readonly<Record<string, bigint>>;

const NEHALEM: CoreEvents = {
  "retired-conditional-branches": 0x01c4n,
  "hardware-interrupts": 0x011dn,
};

const SANDY_BRIDGE: CoreEvents = {
  "retired-conditional-branches": 0x01c4n,
  "retired-taken-branches": 0x20c4n,
  "mispredicted-conditional-branches": 0x01c5n,
  "hardware-interrupts": 0x01cbn,
};

const HASWELL: CoreEvents = {
  ...SANDY_BRIDGE,
  "retired-locked-loads": 0x21d0n,
  "hle-starts": 0x01c8n,
  "hle-aborts": 0x04c8n,
  "rtm-starts": 0x01c9n,
  "rtm-aborts": 0x04c9n,
};

const ICE_LAKE: CoreEvents = {
  "retired-conditional-branches": 0x11c4n,
  "retired-taken-branches": 0x20c4n,
  "mispredicted-conditional-branches": 0x11c5n,
  "hardware-interrupts": 0x01cbn,
  "retired-locked-loads": 0x21d0n,
  "rtm-starts": 0x01c9n,
  "rtm-aborts": 0x04c9n,
};

/** Its umask has grown to 16 bits: the upper eight are bits 40…47. */
const LION_COVE: CoreEvents = { "retired-conditional-branches": 0x100_0000_11c4n };

const SILVERMONT: CoreEvents = {
  "retired-conditional-branches": 0x7ec4n,
  "mispredicted-conditional-branches": 0x7ec5n,
};

const SKYMONT: CoreEvents = { "retired-conditional-branches": 0x7ec4n };

const ZEN: CoreEvents = {
  "retired-conditional-branches": 0xd1n,
  "retired-branches": 0xc2n,
  "retired-mispredicted-branches": 0xc3n,
  "retired-taken-branches": 0xc4n,
  "retired-far-control-transfers": 0xc6n,
  /** A rise around one locked instruction shows that SpecLockMap is on. */
  "speculative-lock-commits": 0x0825n,
};

const ZEN2: CoreEvents = { ...ZEN, "hardware-interrupts": 0x2cn };

/** It has no event for conditional branches: rr takes the difference of these two. */
const BULLDOZER: CoreEvents = {
  "retired-branches": 0xc2n,
  "retired-mispredicted-branches": 0xc3n,
  "retired-taken-branches": 0xc4n,
  "retired-far-control-transfers": 0xc6n,
};

/** Core → its events. */
export const CORES = {
  Nehalem: NEHALEM,
  Westmere: NEHALEM,
  "Sandy Bridge": SANDY_BRIDGE,
  "Ivy Bridge": SANDY_BRIDGE,
  Haswell: HASWELL,
  Broadwell: HASWELL,
  Skylake: HASWELL,
  "Cascade Lake": HASWELL,
  "Cooper Lake": HASWELL,
  "Kaby Lake": HASWELL,
  "Coffee Lake": HASWELL,
  "Cannon Lake": HASWELL,
  "Comet Lake": HASWELL,
  "Sunny Cove": ICE_LAKE,
  "Cypress Cove": ICE_LAKE,
  "Willow Cove": ICE_LAKE,
  "Golden Cove": ICE_LAKE,
  "Raptor Cove": ICE_LAKE,
  "Redwood Cove": ICE_LAKE,
  "Lion Cove": LION_COVE,
  Silvermont: SILVERMONT,
  Airmont: SILVERMONT,
  "Knights Landing": SILVERMONT,
  "Knights Mill": SILVERMONT,
  Goldmont: SILVERMONT,
  "Goldmont Plus": SILVERMONT,
  Tremont: SILVERMONT,
  Gracemont: SILVERMONT,
  Crestmont: SILVERMONT,
  Skymont: SKYMONT,
  Zen: ZEN,
  "Zen+": ZEN,
  "Zen 2": ZEN2,
  "Zen 3": ZEN2,
  "Zen 4": ZEN2,
  "Zen 5": ZEN2,
  Bulldozer: BULLDOZER,
  Piledriver: BULLDOZER,
  Steamroller: BULLDOZER,
  Excavator: BULLDOZER,
} as const satisfies Readonly<Record<string, CoreEvents>>;

/** Name of a core. */
export type CoreName = keyof typeof CORES;

/** Names of all events that some core has. */
export const CORE_EVENT_NAMES: ReadonlySet<string> = new Set(Object.values(CORES).flatMap(Object.keys));

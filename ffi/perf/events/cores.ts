/**
 * Events of processor cores that the kernel has no name for, above all the tick: one retired conditional branch in
 * user mode. `origins.ts` says for each code where it comes from, and a test compares it with that source.
 */

/** On x86 event | umask << 8 (on aarch64 the event, up to 16 bits), and from bit 32 on what does not fit there (AMD event bits 8…11, Intel umask bits 8…). */
export type CoreEvents = Readonly<Record<string, bigint>>;

const NEHALEM: CoreEvents = {
  "retired-conditional-branches": 0x01c4n,
  "retired-calls": 0x02c4n,
  "hardware-interrupts": 0x011dn,
};

/** Branches of Intel's performance cores up to Comet Lake. */
const SANDY_BRIDGE: CoreEvents = {
  "retired-conditional-branches": 0x01c4n,
  "retired-taken-branches": 0x20c4n,
  "retired-not-taken-conditional-branches": 0x10c4n,
  "retired-calls": 0x02c4n,
  "retired-returns": 0x08c4n,
  "mispredicted-conditional-branches": 0x01c5n,
  "retired-locked-loads": 0x21d0n,
  "hardware-interrupts": 0x01cbn,
};

const HASWELL: CoreEvents = {
  ...SANDY_BRIDGE,
  "retired-loads": 0x81d0n,
  "retired-stores": 0x82d0n,
  "hle-starts": 0x01c8n,
  "hle-aborts": 0x04c8n,
  "rtm-starts": 0x01c9n,
  "rtm-aborts": 0x04c9n,
};

/** From here on 0x01c4, the tick of all cores before, counts taken ones only. */
const ICE_LAKE_BRANCHES: CoreEvents = {
  "retired-conditional-branches": 0x11c4n,
  "retired-taken-conditional-branches": 0x01c4n,
  "retired-not-taken-conditional-branches": 0x10c4n,
  "retired-taken-branches": 0x20c4n,
  "retired-calls": 0x02c4n,
  "retired-returns": 0x08c4n,
  "mispredicted-conditional-branches": 0x11c5n,
};

const RAPTOR_COVE: CoreEvents = {
  ...ICE_LAKE_BRANCHES,
  "retired-locked-loads": 0x21d0n,
  "retired-loads": 0x81d0n,
  "retired-stores": 0x82d0n,
};

const ICE_LAKE: CoreEvents = {
  ...RAPTOR_COVE,
  "rtm-starts": 0x01c9n,
  "rtm-aborts": 0x04c9n,
};

/** Its umask has grown to 16 bits: the upper eight are bits 40…47. */
const LION_COVE: CoreEvents = {
  "retired-conditional-branches": 0x100_0000_11c4n,
  "retired-taken-conditional-branches": 0x100_0000_01c4n,
  "retired-not-taken-conditional-branches": 0x10c4n,
  "retired-taken-branches": 0x20c4n,
  "retired-calls": 0x02c4n,
  "retired-returns": 0x08c4n,
  "mispredicted-conditional-branches": 0x100_0000_11c5n,
};

/** Cores of Panther Lake and Clearwater Forest, both kinds of which count branches alike. */
const DARKMONT: CoreEvents = {
  "retired-conditional-branches": 0x07c4n,
  "retired-taken-conditional-branches": 0x03c4n,
  "retired-not-taken-conditional-branches": 0x04c4n,
  "retired-calls": 0x30c4n,
};

const SILVERMONT: CoreEvents = {
  "retired-conditional-branches": 0x7ec4n,
  "retired-taken-conditional-branches": 0xfec4n,
};

const GRACEMONT: CoreEvents = {
  ...SILVERMONT,
  "retired-calls": 0xf9c4n,
  "retired-returns": 0xf7c4n,
  "mispredicted-conditional-branches": 0x7ec5n,
};

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
  "retired-taken-branches": 0xc4n,
  "retired-far-control-transfers": 0xc6n,
};

/**
 * Cores of Arm's own from Cortex-A76 on. They have no event of conditional branches: rr counts all of them. A loop of
 * exclusives (LL/SC) runs once more where it is interrupted; how often exclusives were tried shows whether there are any.
 */
const NEOVERSE: CoreEvents = {
  "retired-branches": 0x21n,
  "retired-mispredicted-branches": 0x22n,
  "exclusive-stores": 0x6fn,
};

/** The kernel's driver knows what these count; of exclusives it counts atomics too, so that they tell nothing. */
const APPLE: CoreEvents = {
  "retired-conditional-branches": 0x94n,
  "retired-branches": 0x8dn,
  "retired-taken-branches": 0x90n,
  "retired-calls": 0x8en,
  "retired-returns": 0x8fn,
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
  "Comet Lake": HASWELL,
  "Sunny Cove": ICE_LAKE,
  "Cypress Cove": ICE_LAKE,
  "Willow Cove": ICE_LAKE,
  "Golden Cove": ICE_LAKE,
  "Raptor Cove": RAPTOR_COVE,
  "Redwood Cove": ICE_LAKE_BRANCHES,
  "Lion Cove": LION_COVE,
  "Cougar Cove": DARKMONT,
  Silvermont: SILVERMONT,
  Airmont: SILVERMONT,
  "Knights Landing": SILVERMONT,
  "Knights Mill": SILVERMONT,
  Goldmont: SILVERMONT,
  "Goldmont Plus": SILVERMONT,
  Tremont: SILVERMONT,
  Gracemont: GRACEMONT,
  Crestmont: GRACEMONT,
  Skymont: GRACEMONT,
  Darkmont: DARKMONT,
  Zen: ZEN,
  "Zen+": ZEN,
  "Zen 2": ZEN2,
  "Zen 3": ZEN2,
  "Zen 4": ZEN2,
  "Zen 5": ZEN2,
  "Zen 6": ZEN,
  Bulldozer: BULLDOZER,
  Piledriver: BULLDOZER,
  Steamroller: BULLDOZER,
  Excavator: BULLDOZER,
  "Neoverse N1": NEOVERSE,
  "Neoverse N2": NEOVERSE,
  "Neoverse V1": NEOVERSE,
  "Neoverse V2": NEOVERSE,
  AmpereOne: NEOVERSE,
  Firestorm: APPLE,
  Icestorm: APPLE,
  Avalanche: APPLE,
  Blizzard: APPLE,
} as const satisfies Readonly<Record<string, CoreEvents>>;

/** Name of a core. */
export type CoreName = keyof typeof CORES;

/** Names of all events that some core has. */
export const CORE_EVENT_NAMES: ReadonlySet<string> = new Set(Object.values(CORES).flatMap(Object.keys));

/** struct perf_event_mmap_page: the page in front of an event's ring buffer. Source: linux/perf_event.h. */

/** Offsets in bytes. */
export const MMAP_PAGE = {
  version: 0,
  compat_version: 4,
  /** u32, the seqlock: odd while the kernel writes. */
  lock: 8,
  /** u32: number of the hardware counter + 1; 0 when the event is on none. */
  index: 12,
  /** i64, to be added to the hardware counter. */
  offset: 16,
  time_enabled: 24,
  time_running: 32,
  /** u64 of bits: {@link MMAP_PAGE_CAPABILITY}. */
  capabilities: 40,
  /** u16: bits of the hardware counter, which is to be sign-extended. */
  pmc_width: 48,
  /** u16, u32 and u64: nanoseconds = (tsc × mult >> shift) + offset, to be added to the times. */
  time_shift: 50,
  time_mult: 52,
  time_offset: 56,
  time_zero: 64,
  /** u32: bytes of the struct up to its reserved part. */
  size: 72,
  time_cycles: 80,
  time_mask: 88,
  /** u64: bytes that the kernel has written to the ring since it was mapped; it never wraps. */
  data_head: 1024,
  /** u64: bytes that the reader is done with. */
  data_tail: 1032,
  /** u64: where in the mapping the ring begins, and its bytes. */
  data_offset: 1040,
  data_size: 1048,
} as const;

/** Bits of `capabilities`, as bit numbers. */
export const MMAP_PAGE_CAPABILITY = {
  bit0: 0,
  bit0_is_deprecated: 1,
  user_rdpmc: 2,
  user_time: 3,
  user_time_zero: 4,
  user_time_short: 5,
} as const;

/**
 * Robust futexes: the kernel marks those that a dying task holds (handle_futex_death in kernel/futex/core.c), in
 * memory that others may go on to use.
 */
import type { MemoryWrite } from "../trace/events.ts";
import { ownId } from "./pid-namespaces.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** struct robust_list_head (linux/futex.h): the first entry, the futex's offset in each, the one being locked. */
const HEAD = { list: 0, offset: 8, pending: 16 } as const;
/** ROBUST_LIST_LIMIT: the kernel follows no longer list. */
const LIMIT = 2048;
/** FUTEX_WAITERS, FUTEX_OWNER_DIED, FUTEX_TID_MASK. */
const WAITERS = 0x80000000;
const OWNER_DIED = 0x40000000;
const TID_MASK = 0x3fffffff;

/** What the kernel will write when a task ends as it stands now. */
export function robustWrites(task: RecordedTask): MemoryWrite[] {
  const head = task.robustList;
  if (head === 0) return [];
  const { memory } = task.space;
  const word = (address: number): number => Number(memory.readU64(address) ?? 0n);
  const offset = Number(BigInt.asIntN(64, memory.readU64(head + HEAD.offset) ?? 0n));
  const writes: MemoryWrite[] = [];
  const visit = (entry: number): void => {
    // The lowest bit of an entry tells a futex with priority inheritance.
    const address = entry - (entry % 2) + offset;
    if (entry === 0 || address < 0) return;
    const bytes = memory.read(address, 4).slice();
    if (bytes.length < 4) return;
    const view = new DataView(bytes.buffer);
    const value = view.getUint32(0, true);
    if ((value & TID_MASK) !== ownId(task)) return;
    view.setUint32(0, ((value & WAITERS) | OWNER_DIED) >>> 0, true);
    writes.push({ address, bytes });
  };
  let entry = word(head + HEAD.list);
  for (let i = 0; i < LIMIT && entry !== 0 && entry - (entry % 2) !== head; i++) {
    visit(entry);
    entry = word(entry - (entry % 2));
  }
  visit(word(head + HEAD.pending));
  return writes;
}

/** Shared memory of System V that a program attaches: a mapping whose name in the trace tells which memory it shows. */
import { PROT, SHM } from "../../ffi/mod.ts";
import { readMaps } from "../proc-maps.ts";
import { SEGMENT_PREFIX } from "../session/memory-calls.ts";
import type { MappingRecord, MemoryWrite } from "../trace/events.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";

/** Bytes that are looked at in one go for contents. */
const PIECE = 1 << 16;

/** The segments that a recording has seen: what they held when they were attached is in the trace since. */
export class AttachedSegments {
  /** Ids of segments that the recording has seen: what they hold is known since. */
  private readonly known = new Set<string>();

  /** The mapping that a shmat has made, and what it shows that is not known from others that are attached. */
  add(
    { tasks, outsiders }: Recording,
    task: RecordedTask,
    call: Call,
  ): { mapping: MappingRecord; writes: MemoryWrite[] } {
    const line = readMaps(task.tid).find(({ start }) => start === call.result);
    if (!line) throw new Error(`engine invariant broken: no mapping where shmat said (${call.result})`);
    const mapping: MappingRecord = {
      start: line.start,
      end: line.end,
      protection:
        PROT.READ |
        ((call.int(2) & SHM.RDONLY) === 0 ? PROT.WRITE : 0) |
        ((call.int(2) & SHM.EXEC) === 0 ? 0 : PROT.EXEC),
      shared: true,
      file: -1,
      offset: 0,
      // The kernel shows the id as the inode.
      name: SEGMENT_PREFIX + line.inode,
    };
    outsiders.expect();
    const isNew = !this.known.has(line.inode);
    this.known.add(line.inode);
    const isShown = [...tasks.values()].some(({ space }) =>
      space.mappings.all.some(({ name }) => name === mapping.name),
    );
    // While nobody had it, others may have changed it.
    return { mapping, writes: isNew || !isShown ? contents(task, mapping, isNew) : [] };
  }
}

/** What memory holds; where it is new, as far as that is not zero. */
function contents(task: RecordedTask, { start, end }: MappingRecord, isNew: boolean): MemoryWrite[] {
  const writes: MemoryWrite[] = [];
  for (let address = start; address < end; address += PIECE) {
    const bytes = task.space.memory.read(address, Math.min(PIECE, end - address));
    if (!isNew || bytes.some((byte) => byte !== 0)) writes.push({ address, bytes: bytes.slice() });
  }
  return writes;
}

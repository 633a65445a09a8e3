/**
 * seccomp(2) and its older form in prctl(2): what a program gets for a filter, and who has it from then on.
 *
 * The filter is never the kernel's: it would see the engine's own calls, and the recorder would not hear of those that it
 * refuses. Source: do_seccomp and what it calls in kernel/seccomp.c, Linux 6.18.
 */
import { ERRNO, rawSyscall, SYSCALLS } from "../../../ffi/mod.ts";
import { readProcFile } from "../../proc-file.ts";
import type { Call } from "../call.ts";
import { ownId } from "../pid-namespaces.ts";
import type { RecordedTask } from "../recorded-task.ts";
import { decodeProgram, INSTRUCTION_BYTES, isFilter, MOST_INSTRUCTIONS } from "./bpf-program.ts";
import { ACTION, isAncestor, withFilter } from "./filter-chain.ts";
import { MODE } from "./state.ts";

/** Operations of seccomp(2) (linux/seccomp.h). */
const OPERATION = { strict: 0, filter: 1, actionAvailable: 2, sizes: 3 } as const;
/** Flags of a new filter. */
export const FILTER_FLAG = {
  sync: 1,
  log: 2,
  speculation: 4,
  listener: 8,
  syncError: 16,
  killable: 32,
} as const;
/** struct sock_fprog: u16 count of instructions, and at 8 where they are. */
const FPROG = { size: 16, filter: 8 } as const;
/** sizeof struct seccomp_notif, seccomp_notif_resp and seccomp_data. */
const NOTIFICATION_SIZES = [80, 24, 64] as const;
/** CAP_SYS_ADMIN (linux/capability.h). */
const CAP_SYS_ADMIN = 21n;
const FLAG_BITS = 32;

/** The flags that this kernel knows, those of which programs find out by a filter at no address: EFAULT. */
let known: number | undefined;

function knownFlags(): number {
  if (known !== undefined) return known;
  known = 0;
  for (let bit = 0; bit < FLAG_BITS; bit++) {
    const flag = (1 << bit) >>> 0;
    const asked = flag === FILTER_FLAG.killable ? flag | FILTER_FLAG.listener : flag;
    if (rawSyscall(SYSCALLS.seccomp, OPERATION.filter, asked, 0) === -ERRNO.EFAULT)
      known = (known | flag) >>> 0;
  }
  return known;
}

/** Makes a listener of the kernel's for a task, with flags of seccomp(2): its descriptor or -errno. */
export type MakeListener = (flags: number) => number;

/** The result of a seccomp(2). */
export function seccomp(task: RecordedTask, call: Call, makeListener: MakeListener): number {
  const [operation, flags, address] = [call.int(0), call.int(1) >>> 0, call.argument(2)];
  switch (operation) {
    case OPERATION.strict:
      return flags === 0 && address === 0 ? setStrict(task) : -ERRNO.EINVAL;
    case OPERATION.filter:
      return setFilter(task, flags, address, makeListener);
    case OPERATION.actionAvailable:
      return flags === 0 ? actionAvailable(task, address) : -ERRNO.EINVAL;
    case OPERATION.sizes:
      return flags === 0 ? tellSizes(task, address) : -ERRNO.EINVAL;
    default:
      return -ERRNO.EINVAL;
  }
}

/** The result of a prctl(PR_SET_SECCOMP). */
export function setSeccomp(task: RecordedTask, call: Call): number {
  switch (call.argument(1)) {
    case MODE.strict:
      return setStrict(task);
    case MODE.filter:
      return setFilter(task, 0, call.argument(2));
    default:
      return -ERRNO.EINVAL;
  }
}

function setStrict(task: RecordedTask): number {
  const { mode } = task.seccomp;
  if (mode !== MODE.off && mode !== MODE.strict) return -ERRNO.EINVAL;
  task.seccomp = { ...task.seccomp, mode: MODE.strict };
  return 0;
}

function setFilter(task: RecordedTask, flags: number, address: number, makeListener?: MakeListener): number {
  if ((flags & ~knownFlags()) !== 0) return -ERRNO.EINVAL;
  const has = (flag: number): boolean => (flags & flag) !== 0;
  // What a listener's descriptor is and what a failed synchronisation says could not be told apart.
  if (has(FILTER_FLAG.sync) && has(FILTER_FLAG.listener) && !has(FILTER_FLAG.syncError)) return -ERRNO.EINVAL;
  if (has(FILTER_FLAG.killable) && !has(FILTER_FLAG.listener)) return -ERRNO.EINVAL;
  const program = readProgram(task, address);
  if (typeof program === "number") return program;
  if (task.seccomp.mode === MODE.strict) return -ERRNO.EINVAL;
  const filters = withFilter(program, task.seccomp.filters, has(FILTER_FLAG.listener));
  if (filters === undefined) return -ERRNO.ENOMEM;
  const others = [...task.process.tasks].filter((thread) => thread !== task);
  const hindrance = has(FILTER_FLAG.sync) ? others.find((thread) => !canJoin(thread, task)) : undefined;
  if (hindrance !== undefined) return has(FILTER_FLAG.syncError) ? -ERRNO.ESRCH : ownId(hindrance);
  const result = has(FILTER_FLAG.listener) ? (makeListener?.(flags) ?? -ERRNO.EINVAL) : 0;
  if (result < 0) return result;
  task.seccomp = { ...task.seccomp, mode: MODE.filter, filters };
  if (has(FILTER_FLAG.sync)) for (const thread of others) shareFilters(task, thread);
  return result;
}

/** Whether a thread may get the filters of another one (seccomp_can_sync_threads). */
function canJoin({ seccomp: { mode, filters } }: RecordedTask, { seccomp }: RecordedTask): boolean {
  return mode === MODE.off || (mode === MODE.filter && isAncestor(filters, seccomp.filters));
}

/** Gives a thread the filters of another one of its process (seccomp_sync_threads). */
function shareFilters({ seccomp }: RecordedTask, thread: RecordedTask): void {
  const noNewPrivs = seccomp.noNewPrivs || thread.seccomp.noNewPrivs;
  thread.seccomp = { ...thread.seccomp, mode: MODE.filter, filters: seccomp.filters, noNewPrivs };
}

/** A program that may be a filter of a task's, or the error that it gets for it. */
function readProgram(task: RecordedTask, address: number) {
  const { memory } = task.space;
  const head = memory.read(address, FPROG.size).slice();
  if (head.length < FPROG.size) return -ERRNO.EFAULT;
  const view = new DataView(head.buffer);
  const count = view.getUint16(0, true);
  if (count === 0 || count > MOST_INSTRUCTIONS) return -ERRNO.EINVAL;
  if (!task.seccomp.noNewPrivs && !isAdministrator(task.tid)) return -ERRNO.EACCES;
  const at = Number(view.getBigUint64(FPROG.filter, true));
  if (at === 0) return -ERRNO.EINVAL;
  const bytes = memory.read(at, count * INSTRUCTION_BYTES);
  if (bytes.length < count * INSTRUCTION_BYTES) return -ERRNO.EFAULT;
  const program = decodeProgram(bytes);
  return isFilter(program) ? program : -ERRNO.EINVAL;
}

/** Whether a task has CAP_SYS_ADMIN in its user namespace. */
export function isAdministrator(tid: number): boolean {
  const digits = /^CapEff:\s*([0-9a-f]+)$/m.exec(readProcFile(`/proc/${tid}/status`) ?? "")?.[1] ?? "0";
  return ((BigInt(`0x${digits}`) >> CAP_SYS_ADMIN) & 1n) !== 0n;
}

function actionAvailable(task: RecordedTask, address: number): number {
  const bytes = task.space.memory.read(address, 4);
  if (bytes.length < 4) return -ERRNO.EFAULT;
  const action = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return Object.values<number>(ACTION).includes(action) ? 0 : -ERRNO.EOPNOTSUPP;
}

function tellSizes({ space }: RecordedTask, address: number): number {
  const bytes = new Uint8Array(new Uint16Array(NOTIFICATION_SIZES).buffer);
  if (!space.writable(address) || !space.writable(address + bytes.length - 1)) return -ERRNO.EFAULT;
  return space.memory.write(address, bytes) === bytes.length ? 0 : -ERRNO.EFAULT;
}

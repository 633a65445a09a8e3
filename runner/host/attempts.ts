/** Trying for real what a recording asks of the kernel: each attempt leaves nothing behind. */
import { recordingMemory } from "../../engine/tracee/file-memory.ts";
import { USUAL_BASE } from "../../engine/translate/context.ts";
import {
  close,
  ERRNO,
  errnoInfo,
  isErrno,
  KCMP,
  kcmp,
  kill,
  MAP,
  memfdCreate,
  mmap,
  munmap,
  NativeBuffer,
  openMemory,
  PERSONALITY,
  PROT,
  PTRACE,
  PTRACE_O,
  processVmRead,
  processVmWrite,
  REG,
  retry,
  SHM,
  SharedSegment,
  SIG,
  SYSCALL_STOP,
  SYSCALLS,
  SyscallError,
  setOptions,
  spawnTraced,
  TraceeControl,
  unwrap,
  waitStatus,
} from "../../ffi/mod.ts";
import { throwIfInterrupted } from "./interrupted.ts";
import type { Attempt, Attempted } from "./types.ts";

const PAGE = 4096;
/** personality(2): asks without a change. */
const ASK = 0xffff_ffff;
/** Source: linux/seccomp.h. */
const SECCOMP_GET_ACTION_AVAIL = 2;
const SECCOMP_RET_TRACE = 0x7ff0_0000;

/** Runs `use` on a traced child at its first instruction, and kills it. */
function withTracee(use: (pid: number, control: TraceeControl) => void): void {
  using control = new TraceeControl();
  // This program itself: it is there for certain, and never comes further than its first system call.
  const pid = spawnTraced({ path: process.execPath, argv: [process.execPath], env: [] });
  try {
    unwrap("wait4", control.wait(pid, 0));
    use(pid, control);
  } finally {
    kill(pid, SIG.SIGKILL);
    for (;;) {
      unwrap("wait4", control.wait(pid, 0));
      if (waitStatus(control.status).kind !== "stopped") break;
    }
  }
}

function sysemu(pid: number, control: TraceeControl): void {
  setOptions(pid, PTRACE_O.EXITKILL | PTRACE_O.TRACESYSGOOD);
  unwrap("ptrace(PTRACE_SYSEMU)", control.resumeAndWait(PTRACE.SYSEMU, pid, 0, pid, 0));
  const status = waitStatus(control.status);
  // A kernel that takes the request and does not know it lets the child run on, or stops it elsewhere.
  if (status.kind !== "stopped" || status.signal !== (SIG.SIGTRAP | SYSCALL_STOP)) {
    throw new SyscallError("ptrace(PTRACE_SYSEMU)", ERRNO.ENOSYS);
  }
}

function copyThereAndBack(pid: number, control: TraceeControl): void {
  using word = NativeBuffer.map(8);
  const stack = Number(control.regs.u64[REG.rsp]);
  unwrap("process_vm_readv", processVmRead(pid, stack, word.address, word.size));
  unwrap("process_vm_writev", processVmWrite(pid, stack, word.address, word.size));
}

function rewriteStack(pid: number, control: TraceeControl): void {
  using memory = openMemory(pid);
  const stack = Number(control.regs.u64[REG.rsp]);
  memory.write(stack, memory.read(stack, 8).slice());
}

function runFromMemfd(): void {
  const fd = memfdCreate("tickproof-doctor");
  try {
    unwrap("ftruncate", retry(SYSCALLS.ftruncate, fd, PAGE));
    munmap(mmap({ length: PAGE, protection: PROT.READ | PROT.EXEC, flags: MAP.SHARED, fd }), PAGE);
  } finally {
    close(fd);
  }
}

/** Takes what a recording takes, and maps it as the program would. */
function runFromSharedMemory(): void {
  using segment = recordingMemory().make(PAGE, "code");
  if (segment instanceof SharedSegment) {
    const address = unwrap("shmat", retry(SYSCALLS.shmat, segment.id, 0, SHM.RDONLY | SHM.EXEC));
    unwrap("shmdt", retry(SYSCALLS.shmdt, address));
  }
}

function mapLow(): void {
  const flags = MAP.PRIVATE | MAP.ANONYMOUS | MAP.FIXED_NOREPLACE;
  munmap(mmap({ address: USUAL_BASE, length: PAGE, protection: PROT.READ, flags }), PAGE);
}

function dropRandomization(): void {
  const before = unwrap("personality", retry(SYSCALLS.personality, ASK));
  unwrap("personality", retry(SYSCALLS.personality, before | PERSONALITY.ADDR_NO_RANDOMIZE));
  unwrap("personality", retry(SYSCALLS.personality, before));
}

function askForTraceAction(): void {
  using action = NativeBuffer.map(4);
  action.view.setUint32(0, SECCOMP_RET_TRACE, true);
  unwrap("seccomp", retry(SYSCALLS.seccomp, SECCOMP_GET_ACTION_AVAIL, 0, action.address));
}

/** What is done for each; a refusal is thrown. */
const ATTEMPTS: Readonly<Record<Attempt, () => void>> = {
  ptrace: () => withTracee(() => {}),
  "ptrace-sysemu": () => withTracee(sysemu),
  personality: dropRandomization,
  seccomp: askForTraceAction,
  "proc-mem": () => withTracee(rewriteStack),
  "process-vm": () => withTracee(copyThereAndBack),
  memfd: runFromMemfd,
  "shared-memory": runFromSharedMemory,
  kcmp: () => void kcmp(process.pid, process.pid, KCMP.VM),
  "low-memory": mapLow,
};

/** Tries on this machine. */
export function attempt(what: Attempt): Attempted {
  try {
    ATTEMPTS[what]();
    return { works: true };
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throwIfInterrupted();
    // Something lies there already: then it can be mapped.
    if (what === "low-memory" && isErrno(error, "EEXIST")) return { works: true };
    return { works: false, call: error.syscall, code: errnoInfo(error.errno).code };
  }
}

/**
 * The program that every replayed process starts as: a page that does nothing. Replay builds the recorded
 * address space around it, so that neither the recorded program's file nor the kernel's layout matters.
 */
import { ftruncate, isErrno, MFD, memfdCreate, pwrite } from "../../ffi/mod.ts";

/** Where its only page lies: above the context, away from everything that programs use. */
const LOAD = 0x3f0000;
const HEADER = 64;
const PROGRAM_HEADER = 56;

/** Its code: a trap, and room for a gadget behind it. */
const CODE = [0xcc, 0x0f, 0x05, 0xcc];

/** Makes the blank program. @returns Descriptor of a memfd that holds it; execute it as /proc/PID/fd/N. */
export function blankProgram(): number {
  const size = HEADER + PROGRAM_HEADER + 16;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  // ELF-64 header (elf(5)): little-endian, version 1, ET_EXEC for EM_X86_64.
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, 62, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(LOAD + HEADER + PROGRAM_HEADER), true); // e_entry
  view.setBigUint64(32, BigInt(HEADER), true); // e_phoff
  view.setUint16(52, HEADER, true);
  view.setUint16(54, PROGRAM_HEADER, true);
  view.setUint16(56, 1, true);
  // One PT_LOAD, readable and executable.
  view.setUint32(64, 1, true);
  view.setUint32(68, 5, true);
  view.setBigUint64(80, BigInt(LOAD), true);
  view.setBigUint64(88, BigInt(LOAD), true);
  view.setBigUint64(96, BigInt(size), true);
  view.setBigUint64(104, BigInt(size), true);
  view.setBigUint64(112, 0x1000n, true);
  bytes.set(CODE, HEADER + PROGRAM_HEADER);
  const fd = executableFile();
  ftruncate(fd, size);
  pwrite(fd, bytes, 0);
  return fd;
}

/** A file in memory that can be executed; kernels before 6.3 do not know that this has to be asked for. */
function executableFile(): number {
  const name = "tickproof-blank";
  try {
    return memfdCreate(name, MFD.CLOEXEC | MFD.EXEC);
  } catch (error) {
    if (!isErrno(error, "EINVAL")) throw error;
    return memfdCreate(name, MFD.CLOEXEC);
  }
}

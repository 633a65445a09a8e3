/** Files, pipes and sockets of this process: what it opens, reads, writes and hands on, without Bun between. */
export { DescriptorChannel, type ReceiveCall } from "./descriptor-channel.ts";
export {
  cloneFile,
  close,
  copyFileRange,
  ftruncate,
  isTerminal,
  kcmp,
  memfdCreate,
  nextData,
  nextHole,
  open,
  openAt,
  pread,
  preadAt,
  punchHole,
  pwrite,
  pwriteAt,
  terminalColumns,
  tryLock,
} from "./files.ts";
export { untimed } from "./interruptible.ts";
export { readKernelLog } from "./kernel-log.ts";
export { acceptClient, awaitReadable, isReadable, type Listener, listenOnLoopback } from "./loopback.ts";
export { NotifyingPipe, PacketPipe } from "./pipe.ts";
export { socketProtocol } from "./sockets.ts";
export { writeNow, writeSome } from "./write.ts";
